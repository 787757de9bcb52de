package gatectl

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/appliance"
)

//go:embed inspection.html
var inspectionPage string

// maxEvidence bounds a file that is copied into the pack.
const maxEvidence = 64 << 20

// pack is an inspection pack in the making.
type pack struct {
	tool *tool
	dir  string
	in   packInputs

	Facts   []fact // of the product and of this pack
	Found   []fact // what was found, in one line each
	Values  []fact // settings that matter
	Sandbox string
	Files   []packFile
	Missing []words
}

// packInputs are the flags.
type packInputs struct {
	config              string
	bins, proofs, tests []string
}

// fact is a line of a table.
type fact struct {
	Name  words
	Value words
}

// packFile is one file of the pack.
type packFile struct {
	Name   string
	What   words
	SHA256 string
	Bytes  int
}

func inspectionCommand(t *tool) *cobra.Command {
	p := pack{tool: t}
	c := &cobra.Command{Use: "inspection-pack -o DIR", Short: "collect configuration, versions, sandbox, audit log and proofs for an inspector, in English and Chinese", Args: cobra.NoArgs}
	c.Flags().StringVarP(&p.dir, "output", "o", "", "new directory to write (required)")
	c.Flags().StringVar(&p.in.config, "config", "", "configuration file of the gateway (default gateway.yaml in --data)")
	c.Flags().StringSliceVar(&p.in.bins, "binary", nil, "binaries whose modules are listed (default those beside gatectl)")
	c.Flags().StringSliceVar(&p.in.proofs, "proof", nil, "reports of oneway-prove: the signed JSON, the page, the public key")
	c.Flags().StringSliceVar(&p.in.tests, "tests", nil, "logs of tests")
	cobra.CheckErr(c.MarkFlagRequired("output"))
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := t.check(); err != nil {
			return err
		}
		if err := os.Mkdir(p.dir, 0o700); err != nil {
			return err
		}
		err := p.write(cmd.Context())
		if err == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files; begin with index.html (English) or index.zh.html (中文)\n", p.dir, len(p.Files))
		}
		for _, m := range p.Missing {
			fmt.Fprintf(cmd.OutOrStdout(), "missing: %s\n", m.EN)
		}
		return err
	}
	return c
}

// write makes every part; what is not there is listed as missing.
func (p *pack) write(ctx context.Context) error {
	for _, part := range []func(context.Context) error{p.identity, p.configuration, p.software, p.limits, p.auditLog, p.heads, p.copies, p.table} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	pages := map[string][]byte{}
	for _, language := range []string{"en", "zh"} {
		b, err := p.page(language)
		if err != nil {
			return err
		}
		pages[language] = b
	}
	if err := errors.Join(p.add("index.html", words{"this page in English", "本页的英文版"}, pages["en"]), p.add("index.zh.html", words{"this page in Chinese", "本页(中文)"}, pages["zh"])); err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, f := range p.Files {
		fmt.Fprintf(&sums, "%s  %s\n", f.SHA256, f.Name)
	}
	return p.add(sumsFile, words{"SHA-256 of every file", "全部文件的 SHA-256"}, sums.Bytes())
}

// sumsFile is what sha256sum -c reads.
const sumsFile = "SHA256SUMS"

// page renders the page in a language.
func (p *pack) page(language string) ([]byte, error) {
	label := labels()
	t := template.New("page").Funcs(template.FuncMap{
		"t":       func(name string) (string, error) { return labelOf(label, name, language) },
		"in":      func(w words) string { return w.In(language) },
		"files":   p.matching,
		"clauses": clauses,
	})
	t, err := t.Parse(inspectionPage)
	if err != nil {
		return nil, err
	}
	other := map[string]string{"en": "index.zh.html", "zh": "index.html"}[language]
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Pack": p, "Language": map[string]string{"en": "en", "zh": "zh-CN"}[language], "Other": other})
	return b.Bytes(), err
}

func labelOf(label map[string]words, name, language string) (string, error) {
	w, ok := label[name]
	if !ok {
		return "", fmt.Errorf("the page asks for a text %q that does not exist", name)
	}
	return w.In(language), nil
}

// matching returns the files of the pack that fit one of the patterns.
func (p *pack) matching(patterns []string) (out []string) {
	for _, f := range p.Files {
		if slices.ContainsFunc(patterns, func(pattern string) bool { ok, _ := path.Match(pattern, f.Name); return ok }) {
			out = append(out, f.Name)
		}
	}
	return out
}

func (p *pack) add(name string, what words, text []byte) error {
	sum := sha256.Sum256(text)
	if slices.ContainsFunc(p.Files, func(f packFile) bool { return f.Name == name }) {
		return fmt.Errorf("two files would be called %s: rename one", name)
	}
	p.Files = append(p.Files, packFile{name, what, hex.EncodeToString(sum[:]), len(text)})
	return os.WriteFile(filepath.Join(p.dir, name), text, 0o600)
}

func (p *pack) miss(en, zh string, err error) {
	if err != nil {
		en, zh = fmt.Sprintf("%s (%v)", en, err), fmt.Sprintf("%s(%v)", zh, err)
	}
	p.Missing = append(p.Missing, words{en, zh})
}

// same is a value that is the same in both languages.
func same(v string) words { return words{v, v} }

func (p *pack) identity(context.Context) error {
	text, err := evidence(filepath.Join(p.tool.data, "identity.json"))
	if err != nil {
		return err
	}
	var id appliance.Identity
	if err := json.Unmarshal(text, &id); err != nil {
		return fmt.Errorf("identity.json: %w", err)
	}
	l := labels()
	p.Facts = []fact{{l["product"], same(id.Product)}, {l["cluster"], same(id.ClusterID)}, {l["version"], same(appliance.Version())},
		{l["made"], same(time.Now().UTC().Format(time.RFC3339))}, {l["by"], same(operator())}}
	return nil
}

// software writes a CycloneDX list of the modules in each binary.
func (p *pack) software(context.Context) error {
	if len(p.in.bins) == 0 {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		for _, name := range []string{"inner-gateway", "outer-gateway", "gatectl", "oneway-prove"} {
			p.in.bins = append(p.in.bins, filepath.Join(filepath.Dir(self), name))
		}
	}
	for _, name := range p.in.bins {
		text, modules, err := bill(name)
		base := filepath.Base(name)
		if err != nil {
			p.miss("modules of the binary "+base, "程序文件 "+base+" 的模块清单", err)
			continue
		}
		p.Found = append(p.Found, fact{words{"modules in " + base, base + " 中的模块"}, words{fmt.Sprintf("%d, of which the list is sbom-%s.json", modules, base), fmt.Sprintf("%d 个,清单见 sbom-%s.json", modules, base)}})
		if err := p.add("sbom-"+base+".json", words{"modules in " + base + " (SBOM, CycloneDX)", base + " 的模块清单(SBOM,CycloneDX)"}, text); err != nil {
			return err
		}
	}
	return nil
}

// component is one entry of a CycloneDX document.
type component struct {
	Type    string              `json:"type"`
	Name    string              `json:"name"`
	Version string              `json:"version"`
	PURL    string              `json:"purl,omitempty"`
	Hashes  []map[string]string `json:"hashes,omitempty"`
}

// bill lists the modules that the binary itself names, replaced ones as what they were
// replaced with.
func bill(name string) (text []byte, modules int, err error) {
	info, err := buildinfo.ReadFile(name)
	if err != nil {
		return nil, 0, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, 0, err
	}
	list := []component{{Type: "platform", Name: "go", Version: info.GoVersion, PURL: "pkg:golang/stdlib@" + strings.TrimPrefix(info.GoVersion, "go")}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		list = append(list, component{Type: "library", Name: m.Path, Version: m.Version, PURL: "pkg:golang/" + m.Path + "@" + m.Version})
	}
	main := component{Type: "application", Name: filepath.Base(name), Version: cmp.Or(info.Main.Version, appliance.Version()), Hashes: []map[string]string{{"alg": "SHA-256", "content": hex.EncodeToString(h.Sum(nil))}}}
	text, err = json.MarshalIndent(map[string]any{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata": map[string]any{"component": main}, "components": list}, "", " ")
	return text, len(info.Deps), err
}
