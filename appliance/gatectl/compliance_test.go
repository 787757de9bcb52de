package gatectl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestComplianceGolden keeps docs/compliance/README.md equal to the table of the pack.
// Rewrite with UPDATE=1.
func TestComplianceGolden(t *testing.T) {
	l := labels()
	var b strings.Builder
	b.WriteString("# Compliance: clauses and evidence / 条款与证据对照\n\n" +
		"Generated from the table of `gatectl inspection-pack -o DIR` (`UPDATE=1 go test ./appliance/gatectl -run Compliance`), which puts it, with links to the evidence that is there,\n" +
		"into `index.html` (English), `index.zh.html` (中文) and `clauses.csv`. 本表由 `gatectl inspection-pack` 使用的同一数据生成。\n\n")
	fmt.Fprintf(&b, "**%s**\n\n**%s**\n\n", l["warning"].EN, l["warning"].ZH)
	fmt.Fprintf(&b, "| %s %s | %s | %s | %s %s | %s %s |\n|---|---|---|---|---|\n", l["clause"].EN, l["clause"].ZH, l["subject"].EN, l["subject"].ZH, l["evidence"].EN, l["evidence"].ZH, l["state"].EN, l["state"].ZH)
	for _, c := range clauses() {
		fmt.Fprintf(&b, "| %s | %s | %s | `%s` | %s %s |\n", c.Standard, c.Subject.EN, c.Subject.ZH, strings.Join(c.Evidence, "`, `"), l["open"].EN, l["open"].ZH)
	}
	b.WriteString(`
## Making a pack / 生成资料包

` + "```" + `
gatectl --data DIR inspection-pack -o PACK --proof prove.json --proof prove.html --proof prove.pub --tests make-test.log
` + "```" + `

One for each gateway. ` + "`prove.*`" + ` come from ` + "`make prove`" + ` or ` + "`oneway-prove judge`" + `, test logs from ` + "`make test`, `make e2e`, `make interop`" + `. What is not given is listed as missing, on the page and on
the terminal. 每台网关各生成一份;未提供的材料会在页面和终端中列为缺失。

| file 文件 | what 说明 |
|---|---|
| ` + "`index.html`, `index.zh.html`" + ` | the page to hand over: results, missing, clauses, settings, sandbox, how to check, files, signatures / 移交页面:结果、缺失、条款、设置、沙箱、核验方法、文件、签字 |
| ` + "`configuration.txt`, `.sha256`" + ` | configuration with secrets masked, hash of the original / 屏蔽敏感值后的配置及原文散列 |
| ` + "`sbom-*.json`" + ` | modules of each binary as the binary itself names them (CycloneDX) and its SHA-256 / 各程序文件自带的模块清单及其 SHA-256 |
| ` + "`sandbox.txt`" + ` | what the kernel says of the running processes / 内核对运行进程的限制状态 |
| ` + "`audit-verify.txt`, `-summary`, `-last`, `-forecast`" + ` | result of the check, contents by kind, last 200 records, disk / 核验结果、分类统计、最后 200 条记录、磁盘预测 |
| ` + "`audit-N-head`, `-key.pub`, `-keys`" + ` | signed head to keep elsewhere, public key, changes of the key / 另行保管的签名树头、公钥、公钥更换记录 |
| ` + "`proof-*`, `tests-*`" + ` | what was given / 所提供的报告与测试记录 |
| ` + "`clauses.csv`, `SHA256SUMS`" + ` | table for a spreadsheet; sums of all files / 条款对照表;全部文件校验和 |
`)
	golden := filepath.Join("..", "..", "docs", "compliance", "README.md")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != b.String() {
		t.Errorf("docs/compliance/README.md is not what the table says: UPDATE=1 go test ./appliance/gatectl -run Compliance (%v)", err)
	}
}
