package gatectl

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
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
	tool   *tool
	dir    string
	config string
	bins   []string
	proofs []string
	tests  []string

	Made    string
	Version string
	Sandbox string
	Files   []packFile
	Clauses [][3]string
	Missing []string
}

// packFile is one file of the pack.
type packFile struct {
	Name, What, SHA256 string
	Bytes              int
}

func inspectionCommand(t *tool) *cobra.Command {
	p := pack{tool: t}
	c := &cobra.Command{Use: "inspection-pack -o DIR", Short: "collect configuration, versions, sandbox, audit heads and proofs for an inspector", Args: cobra.NoArgs}
	c.Flags().StringVarP(&p.dir, "output", "o", "", "new directory to write (required)")
	c.Flags().StringVar(&p.config, "config", "", "configuration file of the gateway (default gateway.yaml in --data)")
	c.Flags().StringSliceVar(&p.bins, "binary", nil, "binaries whose modules are listed (default those beside gatectl)")
	c.Flags().StringSliceVar(&p.proofs, "proof", nil, "signed reports of oneway-prove")
	c.Flags().StringSliceVar(&p.tests, "tests", nil, "logs of tests")
	cobra.CheckErr(c.MarkFlagRequired("output"))
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := t.check(); err != nil {
			return err
		}
		if err := os.Mkdir(p.dir, 0o700); err != nil {
			return err
		}
		if err := p.write(); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files; begin with index.html\n", p.dir, len(p.Files))
		return err
	}
	return c
}

// write makes every part; what is not there is listed as missing.
func (p *pack) write() error {
	p.Made, p.Version, p.Clauses = time.Now().UTC().Format(time.RFC3339), appliance.Version(), clauses()
	for _, part := range []func() error{p.configuration, p.software, p.limits, p.heads, p.copies, p.table} {
		if err := part(); err != nil {
			return err
		}
	}
	page, err := template.New("page").Parse(inspectionPage)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page.Execute(&b, p); err != nil {
		return err
	}
	return p.add("index.html", "this page", b.Bytes())
}

func (p *pack) add(name, what string, text []byte) error {
	sum := sha256.Sum256(text)
	p.Files = append(p.Files, packFile{name, what, hex.EncodeToString(sum[:]), len(text)})
	return os.WriteFile(filepath.Join(p.dir, name), text, 0o600)
}

func (p *pack) miss(format string, args ...any) {
	p.Missing = append(p.Missing, fmt.Sprintf(format, args...))
}

// secretLine is a setting whose value is never shown.
var secretLine = regexp.MustCompile(`(?im)^(\s*[a-z0-9_.-]*(?:password|passwd|secret|token|private)[a-z0-9_.-]*\s*[:=]\s*).+$`)

// mask hides the values of settings that may be secret.
func mask(text []byte) []byte { return secretLine.ReplaceAll(text, []byte("${1}****")) }

func (p *pack) configuration() error {
	name := p.config
	if name == "" {
		name = filepath.Join(p.tool.data, "gateway.yaml")
	}
	text, err := evidence(name)
	if err != nil {
		p.miss("configuration: %v", err)
		return nil
	}
	sum := sha256.Sum256(text)
	if err := p.add("configuration.txt", "configuration, secrets masked", mask(text)); err != nil {
		return err
	}
	return p.add("configuration.sha256", "hash of the configuration as it is on the gateway", []byte(hex.EncodeToString(sum[:])+"\n"))
}

// software writes a CycloneDX list of the modules in each binary.
func (p *pack) software() error {
	if len(p.bins) == 0 {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		for _, name := range []string{"inner-gateway", "outer-gateway", "gatectl", "oneway-prove"} {
			p.bins = append(p.bins, filepath.Join(filepath.Dir(self), name))
		}
	}
	for _, name := range p.bins {
		text, err := bill(name)
		if err != nil {
			p.miss("binary: %v", err)
			continue
		}
		if err := p.add("sbom-"+filepath.Base(name)+".json", "modules in "+filepath.Base(name)+" (CycloneDX)", text); err != nil {
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

func bill(name string) ([]byte, error) {
	info, err := buildinfo.ReadFile(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	list := []component{{Type: "platform", Name: "go", Version: info.GoVersion}}
	for _, m := range info.Deps {
		list = append(list, component{Type: "library", Name: m.Path, Version: m.Version, PURL: "pkg:golang/" + m.Path + "@" + m.Version})
	}
	main := component{Type: "application", Name: filepath.Base(name), Version: info.Main.Version, Hashes: []map[string]string{{"alg": "SHA-256", "content": hex.EncodeToString(h.Sum(nil))}}}
	return json.MarshalIndent(map[string]any{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata": map[string]any{"component": main}, "components": list}, "", " ")
}

func (p *pack) limits() error {
	var b bytes.Buffer
	if err := p.tool.sandboxStatus(&b); err != nil {
		return err
	}
	p.Sandbox = b.String()
	return p.add("sandbox.txt", "what the processes have given up", b.Bytes())
}

// heads copies the signed heads of the audit log and the keys that check them.
func (p *pack) heads() error {
	found, err := filepath.Glob(filepath.Join(p.tool.data, "audit", "*", "head"))
	if err != nil || len(found) == 0 {
		p.miss("audit heads: none in the data directory")
		return err
	}
	for _, head := range found {
		dir := filepath.Dir(head)
		prefix := "audit-" + filepath.Base(dir) + "-"
		err := errors.Join(p.copyAll([]string{head}, prefix, "signed head of the audit log"),
			p.copyAll([]string{filepath.Join(dir, "key.pub")}, prefix, "key that checks the head"))
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pack) copies() error {
	if len(p.proofs) == 0 {
		p.miss("reports of oneway-prove: none given (--proof)")
	}
	if len(p.tests) == 0 {
		p.miss("logs of tests: none given (--tests)")
	}
	return errors.Join(p.copyAll(p.proofs, "proof-", "report of oneway-prove; oneway-prove check verifies it"), p.copyAll(p.tests, "tests-", "log of tests"))
}

func (p *pack) copyAll(names []string, prefix, what string) error {
	sort.Strings(names)
	for _, name := range names {
		text, err := evidence(name)
		if err != nil {
			return err
		}
		if err := p.add(prefix+filepath.Base(name), what, text); err != nil {
			return err
		}
	}
	return nil
}

func evidence(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxEvidence+1))
	if err == nil && len(text) > maxEvidence {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxEvidence)
	}
	return text, err
}

// table writes the clauses as CSV.
func (p *pack) table() error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"clause", "subject", "evidence", "state"}}
	for _, c := range p.Clauses {
		rows = append(rows, []string{c[0], c[1], c[2], "to be checked against the text / 对照原文核实"})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return p.add("clauses.csv", "clauses and evidence / 条款与证据对照", b.Bytes())
}

// clauses is clause, subject, evidence. None was read in its text.
func clauses() [][3]string {
	const sr = "IEC 62443-3-3 SR "
	const audit = "GB/T 22239 level 3, audit / 三级 安全审计"
	const device = "横向隔离、纵向认证: one-way devices / 单向隔离装置"
	return [][3]string{
		{"GB/T 36572", "isolation of zones / 安全分区、横向隔离", "proof-*, sandbox.txt"},
		{device, "at most one byte back, all 0 or all 1 / 反向单字节应答,全 0 或全 1", "proof-*, sandbox.txt"},
		{device, "no connection from outside / 禁止外侧发起连接", "proof-*"},
		{audit, "events of each user / 审计覆盖每个用户", "audit-*"},
		{audit, "time, user, kind, result / 时间、用户、类型、结果", "audit-*"},
		{audit, "protection of records / 审计记录保护", "audit-*"},
		{sr + "2.8", "auditable events / 可审计事件", "audit-*"},
		{sr + "2.9", "audit storage capacity / 审计存储容量", "configuration.txt"},
		{sr + "2.10", "response to audit failures / 审计失败的响应", "configuration.txt"},
		{sr + "2.11", "timestamps / 时间戳", "audit-*"},
		{sr + "2.12", "non-repudiation / 不可否认性", "audit-*"},
		{sr + "3.1", "communication integrity / 通信完整性", "tests-*"},
		{sr + "5.1", "network segmentation / 网络分段", "proof-*"},
		{sr + "5.2", "zone boundary protection / 区域边界防护", "proof-*, sandbox.txt"},
	}
}
