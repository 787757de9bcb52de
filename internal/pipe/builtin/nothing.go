package builtin

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/spec"
)

func nothingProcessor() plugin.Declaration {
	return plugin.Declaration{
		Name: "do-nothing-processor", Kind: plugin.KindProcessor, Since: "1.2",
		ClassName: "org.apache.iotdb.commons.pipe.agent.plugin.builtin.processor.donothing.DoNothingProcessor",
		Doc:       "Passes everything on unchanged. The default.",
		NewProcessor: func(plugin.ProcessorContext, *spec.Values) (plugin.Processor, error) {
			return &pass{}, nil
		},
	}
}

// pass is the do-nothing processor. The slice it returns is valid until the next call.
type pass struct{ one [1]plugin.Item }

func (p *pass) Process(_ context.Context, it plugin.Item) ([]plugin.Item, error) {
	p.one[0] = it
	return p.one[:], nil
}

func (p *pass) Close() error { return nil }

func nothingSink() plugin.Declaration {
	return plugin.Declaration{
		Name: "do-nothing-sink", Aliases: []string{"do-nothing-connector"}, Kind: plugin.KindSink, Since: "1.2",
		ClassName: "org.apache.iotdb.commons.pipe.agent.plugin.builtin.connector.donothing.DoNothingConnector",
		Doc:       "Acknowledges everything and forgets it.",
		NewSink: func(c plugin.SinkContext, _ *spec.Values) (plugin.Sink, error) {
			return forget{c.Acker}, nil
		},
	}
}

// forget is the do-nothing sink.
type forget struct{ acker plugin.Acker }

func (f forget) Write(_ context.Context, it plugin.Item) error {
	f.acker.Ack(it.Pos, it.Nth)
	return nil
}

func (f forget) Drain(context.Context) error { return nil }
func (f forget) Close() error                { return nil }
