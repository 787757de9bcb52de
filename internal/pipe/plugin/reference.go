package plugin

import (
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/spec"
)

// Reference prints docs/reference/plugins.md: every plugin with its parameters.
func (r *Registry) Reference() string {
	var b strings.Builder
	b.WriteString(`# Plugins of pipes

Generated from the declarations in the code; do not edit. Regenerate with
` + "`make docs`" + `.

A parameter may be written bare or with the prefix of its clause: ` + "`extractor.`" + ` or ` + "`source.`" + `, ` + "`processor.`" + `,
` + "`connector.`" + ` or ` + "`sink.`" + `. *since* is the first IoTDB version that has the parameter; those without one are
this gateway's own. An unknown parameter is refused; ` + "`'compat.lenient'='true'`" + ` in any clause keeps it and ignores it, as
IoTDB does.
`)
	for _, k := range []Kind{KindSource, KindProcessor, KindSink} {
		fmt.Fprintf(&b, "\n## %ss\n", strings.ToUpper(k.String()[:1])+k.String()[1:])
		for _, d := range r.all {
			if d.Kind == k {
				d.reference(&b)
			}
		}
	}
	return b.String()
}

func (d *Declaration) reference(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s", d.Name, d.Doc)
	if len(d.Aliases) > 0 {
		fmt.Fprintf(b, " Also called %s.", "`"+strings.Join(d.Aliases, "`, `")+"`")
	}
	if d.Since != "" {
		fmt.Fprintf(b, " Since IoTDB %s.", d.Since)
	}
	b.WriteString("\n")
	if len(d.Fields) == 0 {
		b.WriteString("\nNo parameters.\n")
		return
	}
	b.WriteString("\n" + spec.Reference(d.Fields))
}
