package gatectl

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/auditlog/show"
)

// configLine is a setting in YAML, also one that is commented out.
var configLine = regexp.MustCompile(`^(\s*)((?:#\s*)?(?:-\s+)?["']?([A-Za-z0-9_.-]+)["']?\s*[:=])(.*)$`)

// maskConfig hides the values of settings whose name says that they are secret, with
// all lines that belong to them, and passwords in other values.
func maskConfig(text []byte) []byte {
	var out bytes.Buffer
	hidden := -1 // indent of the secret setting whose further lines are left out
	for line := range strings.Lines(string(text)) {
		f := configLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		if hidden >= 0 && strings.TrimSpace(line) == "" {
			continue
		}
		if hidden >= 0 && (indent > hidden || indent == hidden && strings.HasPrefix(strings.TrimSpace(line), "- ")) {
			continue
		}
		hidden = -1
		switch {
		case f == nil:
			out.WriteString(audit.MaskText(line))
		case audit.IsSecret(f[3]):
			hidden = len(f[1])
			if strings.Trim(f[4], " \"'") == "" { // nothing, or in the lines below
				fmt.Fprintf(&out, "%s%s%s\n", f[1], f[2], f[4])
				continue
			}
			fmt.Fprintf(&out, "%s%s %s\n", f[1], f[2], audit.Masked)
		default:
			fmt.Fprintf(&out, "%s%s%s\n", f[1], f[2], audit.MaskText(f[4]))
		}
	}
	return out.Bytes()
}

// shownSettings are told on the page itself.
var shownSettings = []string{"sandbox", "air_gap_allow", "air_gap_v1_handshake", "air_gap_polarity", "audit_keep", "audit_on_failure", "audit_sign_interval", "audit_head_series", "rpc_listen", "http_listen"}

func (p *pack) configuration(context.Context) error {
	name := p.in.config
	if name == "" {
		name = filepath.Join(p.tool.data, "gateway.yaml")
	}
	text, err := evidence(name)
	if err != nil {
		p.miss("the configuration of the gateway", "网关配置", err)
		return nil
	}
	sum := sha256.Sum256(text)
	p.Found = append(p.Found, fact{words{"SHA-256 of the configuration file", "配置文件的 SHA-256"}, same(hex.EncodeToString(sum[:]))})
	for _, side := range []appliance.Side{appliance.Inner, appliance.Outer} {
		v, err := appliance.Load(appliance.Input{Side: side, FileName: name, FileText: text})
		if err != nil || len(p.Values) > 0 {
			continue
		}
		all := v.All()
		for _, key := range shownSettings {
			if value, ok := all[key]; ok {
				p.Values = append(p.Values, fact{same(key), same(value)})
			}
		}
	}
	return errors.Join(p.add("configuration.txt", words{"configuration, secrets masked", "网关配置(口令等敏感值已屏蔽)"}, maskConfig(text)),
		p.add("configuration.sha256", words{"hash of the configuration as it is on the gateway", "网关上配置原文的散列值"}, []byte(hex.EncodeToString(sum[:])+"\n")))
}

func (p *pack) limits(context.Context) error {
	var b bytes.Buffer
	if err := p.tool.sandboxStatus(&b); err != nil {
		return err
	}
	p.Sandbox = b.String()
	return p.add("sandbox.txt", words{"what the processes have given up (seccomp, Landlock)", "进程已放弃的权限(seccomp、Landlock)"}, b.Bytes())
}

// lastRecords is how many records of the audit log are shown as they are.
const lastRecords = 200

// auditLog checks the log and tells what is in it.
func (p *pack) auditLog(ctx context.Context) error {
	dir := filepath.Join(p.tool.data, auditlog.Folder)
	counts := map[string][3]uint64{} // category and action: records, entries, of which not ok
	var last []string
	verdicts, err := auditlog.Verify(ctx, p.tool.fs, dir, auditlog.VerifyOptions{Visit: func(_ int, index int64, e audit.Entry) error {
		c := counts[e.Category.String()+" "+e.Action]
		n := max(1, e.Count)
		c[0], c[1] = c[0]+1, c[1]+n
		if e.Result != audit.OK {
			c[2] += n
		}
		counts[e.Category.String()+" "+e.Action] = c
		if last = append(last, show.Line(index, &e)); len(last) > lastRecords {
			last = last[1:]
		}
		return nil
	}})
	if err != nil {
		p.miss("the audit log", "审计日志", err)
		return nil
	}
	var b bytes.Buffer
	for i := range verdicts {
		v := &verdicts[i]
		printVerdict(&b, v)
		value := words{fmt.Sprintf("RIGHT: %d records, %s to %s, %d signed heads", v.Records-v.First, stamp(v.From), stamp(v.To), v.Heads),
			fmt.Sprintf("完整:%d 条记录,%s 至 %s,%d 个签名树头", v.Records-v.First, stamp(v.From), stamp(v.To), v.Heads)}
		if len(v.Findings) > 0 {
			value = words{"NOT RIGHT: " + v.Findings[0].String(), "不完整或被改动:" + v.Findings[0].String()}
		}
		p.Found = append(p.Found, fact{words{fmt.Sprintf("audit log, tree %d", v.Tree), fmt.Sprintf("审计日志,树 %d", v.Tree)}, value})
	}
	b.WriteString(limitsOfLog)
	var summary, tail bytes.Buffer
	fmt.Fprintf(&summary, "%-36s %10s %12s %12s\n", "category and action", "records", "entries", "not ok")
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&summary, "%-36s %10d %12d %12d\n", k, counts[k][0], counts[k][1], counts[k][2])
	}
	for _, line := range last {
		tail.WriteString(line + "\n")
	}
	f, used, err := auditlog.ForecastDisk(p.tool.fs, dir, auditlog.DefaultKeep, time.Now())
	if err != nil {
		p.miss("the forecast of the disk for the audit log", "审计日志的磁盘用量预测", err)
	} else if err := p.add("audit-forecast.txt", words{"disk that the audit log will need for 180 days", "审计日志保存 180 天所需的磁盘"}, []byte(forecastLine(f, used, auditlog.DefaultKeep))); err != nil {
		return err
	}
	return errors.Join(p.add("audit-verify.txt", words{"result of checking the audit log when this pack was made", "生成本包时对审计日志的核验结果"}, b.Bytes()),
		p.add("audit-summary.txt", words{"what the audit log holds, by kind", "审计日志内容按类别统计"}, summary.Bytes()),
		p.add("audit-last.txt", words{fmt.Sprintf("the last %d records of the audit log", len(last)), fmt.Sprintf("审计日志最后 %d 条记录", len(last))}, tail.Bytes()))
}

// heads copies the signed heads of the audit log and the keys that check them.
func (p *pack) heads(context.Context) error {
	found, err := filepath.Glob(filepath.Join(p.tool.data, auditlog.Folder, "*", "head"))
	if err != nil || len(found) == 0 {
		p.miss("heads of the audit log", "审计日志的签名树头", err)
		return nil
	}
	for _, head := range found {
		dir := filepath.Dir(head)
		prefix := "audit-" + filepath.Base(dir) + "-"
		list := []struct {
			name string
			what words
		}{{"head", words{"signed head of the audit log; keep it elsewhere", "审计日志的签名树头,请另行保管"}}, {auditlog.KeyFile, words{"public key that checks the head", "核验树头的公钥"}},
			{"keys", words{"changes of that key, signed by the key before", "公钥更换记录,由前一密钥签名"}}}
		for _, f := range list {
			text, err := evidence(filepath.Join(dir, f.name))
			if errors.Is(err, os.ErrNotExist) && f.name == "keys" {
				continue
			}
			if err == nil {
				err = p.add(prefix+f.name, f.what, text)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pack) copies(context.Context) error {
	if len(p.in.proofs) == 0 {
		p.miss("reports of oneway-prove: none given (--proof)", "单向性证明报告(oneway-prove):未提供(--proof)", nil)
	}
	if len(p.in.tests) == 0 {
		p.miss("logs of tests: none given (--tests)", "测试记录:未提供(--tests)", nil)
	}
	for _, name := range p.in.proofs {
		text, err := evidence(name)
		if err != nil {
			return err
		}
		if err := p.add("proof-"+filepath.Base(name), words{"report of oneway-prove on captured packets, or what checks it", "oneway-prove 对抓包的判定报告或其核验材料"}, text); err != nil {
			return err
		}
		p.verdict(filepath.Base(name), text)
	}
	for _, name := range p.in.tests {
		text, err := evidence(name)
		if err != nil {
			return err
		}
		if err := p.add("tests-"+filepath.Base(name), words{"log of tests", "测试记录"}, text); err != nil {
			return err
		}
	}
	return nil
}

// verdict tells what a report in JSON says; its signature is not checked here.
func (p *pack) verdict(name string, text []byte) {
	type report struct {
		Verdict string `json:"verdict"`
	}
	var signed struct {
		report
		Report    report `json:"report"`
		Signature string `json:"signature"`
	}
	if json.Unmarshal(text, &signed) != nil {
		return // the page, the key
	}
	en, zh := "not signed", "未签名"
	verdict := signed.Verdict
	if signed.Signature != "" {
		verdict, en, zh = signed.Report.Verdict, "signed; check with oneway-prove check", "已签名,请用 oneway-prove check 核验"
	}
	if verdict == "" {
		return
	}
	chinese := map[string]string{"passed": "通过", "failed": "未通过", "not proven": "未能证明", "not-proven": "未能证明"}[verdict]
	if chinese == "" {
		chinese = verdict
	}
	p.Found = append(p.Found, fact{words{"one way, by captured packets (" + name + ")", "单向性(抓包判定," + name + ")"},
		words{strings.ToUpper(verdict) + "; " + en, chinese + ";" + zh}})
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

// table writes the clauses as CSV, with the mark of UTF-8 that spreadsheets want.
func (p *pack) table(context.Context) error {
	b := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(b)
	l := labels()
	rows := [][]string{{"clause / 条款", "subject", "内容", "evidence / 证据", "state", "状态"}}
	for _, c := range clauses() {
		list := strings.Join(p.matching(c.Evidence), " ")
		if list == "" {
			list = l["none"].EN + " / " + l["none"].ZH
		}
		rows = append(rows, []string{c.Standard, c.Subject.EN, c.Subject.ZH, list, l["open"].EN, l["open"].ZH})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return p.add("clauses.csv", words{"clauses and evidence, for a spreadsheet", "条款与证据对照表(电子表格)"}, b.Bytes())
}
