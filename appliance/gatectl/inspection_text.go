package gatectl

// words is a text of the inspection pack in both languages.
type words struct{ EN, ZH string }

// In returns the text in a language, "en" or "zh".
func (w words) In(language string) string {
	if language == "zh" {
		return w.ZH
	}
	return w.EN
}

// labels are the fixed texts of the page, by the name the template uses.
func labels() map[string]words {
	return map[string]words{
		"title":     {"Inspection pack", "检查资料包"},
		"other":     {"中文版", "English version"},
		"product":   {"Product", "产品"},
		"cluster":   {"Cluster id", "集群标识"},
		"version":   {"Version of gatectl", "gatectl 版本"},
		"made":      {"Made", "生成时间"},
		"by":        {"Made by (user of the operating system)", "生成人(操作系统用户)"},
		"summary":   {"What was found", "检查结果摘要"},
		"missing":   {"Missing from this pack", "本资料包缺失的内容"},
		"nothing":   {"Nothing is missing.", "无缺失。"},
		"clauses":   {"Clauses and evidence", "条款与证据对照"},
		"clause":    {"Clause", "条款"},
		"subject":   {"Subject", "内容"},
		"evidence":  {"Evidence in this pack", "本资料包中的证据"},
		"state":     {"State", "状态"},
		"open":      {"to be checked against the text", "待对照原文核实"},
		"none":      {"none in this pack", "本资料包中无"},
		"files":     {"Files", "文件清单"},
		"file":      {"File", "文件"},
		"what":      {"What it is", "说明"},
		"bytes":     {"Bytes", "字节数"},
		"sandbox":   {"Sandbox", "沙箱状态"},
		"settings":  {"Settings that matter here", "相关设置"},
		"check":     {"How to check it yourself", "如何自行核验"},
		"signed":    {"Place, date, signature", "地点、日期、签字"},
		"inspected": {"Inspected by", "检查人"},
		"handed":    {"Handed over by", "移交人"},
		"warning": {"No text of the standards named below was at hand when this table was written. No clause is claimed to be met: each is to be checked against the text by whoever relies on it.",
			"编写本表时未能查阅下列标准的原文。本表不声明任何条款已得到满足:使用者须逐条对照原文核实。"},
		"limits": {"What this pack cannot show: that the binaries whose modules are listed are those that run (compare the SHA-256 with the installed files); that the audit log was not put back as a whole, unless a head kept elsewhere is compared; anything that happened while no capture was taken.",
			"本资料包不能证明的事项:所列模块的程序文件就是正在运行的程序(请与已安装文件的 SHA-256 比对);审计日志未被整体回退(除非与另行保管的树头比对);未抓包期间发生的任何事情。"},
		"step1": {"the files are those of this list", "核对文件与清单一致"},
		"step2": {"the report of the capture is signed and fits the captures", "核对抓包报告的签名及其与抓包文件的一致性"},
		"step3": {"the audit log (a copy of the folder) is whole and continues the head in this pack", "核对审计日志(目录副本)完整,且延续本包中的树头"},
		"step4": {"what a binary was built from", "查看程序文件的构建来源"},
	}
}

// clause is a demand of a standard with the evidence for it: patterns of names of
// files in the pack.
type clause struct {
	Standard string
	Subject  words
	Evidence []string
}

// clauses is the table. No text was read: every row is to be checked against it.
func clauses() []clause {
	const (
		iec    = "IEC 62443-3-3 SR "
		mlps   = "GB/T 22239 (level 3 / 第三级)"
		device = "横向隔离、纵向认证 (one-way isolation devices / 横向单向安全隔离装置)"
	)
	return []clause{
		{"GB/T 36572", words{"isolation of zones of different security", "安全分区与横向隔离"}, []string{"proof-*", "sandbox.txt"}},
		{device, words{"data only outwards; at most one byte back for a request, all bits 0 or all bits 1", "数据仅单向外传;反向应答每次至多一字节,且全 0 或全 1"}, []string{"proof-*", "sandbox.txt"}},
		{device, words{"no connection opened from the outer side", "禁止外侧向内侧发起连接"}, []string{"proof-*"}},
		{device, words{"login of the sender at the receiver", "接收端对发送端的身份认证"}, []string{"configuration.txt", "audit-summary.txt"}},
		{mlps, words{"audit covers every user and the important events", "审计覆盖到每个用户及重要安全事件"}, []string{"audit-summary.txt"}},
		{mlps, words{"records have date and time, user, kind, and whether it succeeded", "审计记录包括日期和时间、用户、事件类型、是否成功"}, []string{"audit-last.txt"}},
		{mlps, words{"records are protected, kept, and cannot be removed or changed unseen", "审计记录受到保护并留存,不能被隐蔽地删除、修改或覆盖"}, []string{"audit-verify.txt", "audit-*-head", "audit-forecast.txt"}},
		{mlps, words{"the audit process cannot be interrupted unseen", "审计进程不能被隐蔽地中断"}, []string{"audit-summary.txt", "configuration.txt", "sandbox.txt"}},
		{"网络安全法 (Cybersecurity Law)", words{"logs are kept for at least six months", "日志留存不少于六个月"}, []string{"configuration.txt", "audit-forecast.txt"}},
		{iec + "2.8", words{"auditable events", "可审计事件"}, []string{"audit-summary.txt", "audit-last.txt"}},
		{iec + "2.9", words{"capacity of the audit storage", "审计存储容量"}, []string{"audit-forecast.txt", "configuration.txt"}},
		{iec + "2.10", words{"response to failures of the audit", "对审计失败的响应"}, []string{"configuration.txt", "tests-*"}},
		{iec + "2.11", words{"timestamps", "时间戳"}, []string{"audit-last.txt", "audit-summary.txt"}},
		{iec + "2.12", words{"non-repudiation", "不可否认性"}, []string{"audit-*-head", "audit-*-key.pub", "audit-verify.txt"}},
		{iec + "3.1", words{"integrity of communication", "通信完整性"}, []string{"proof-*", "tests-*"}},
		{iec + "5.1", words{"segmentation of networks", "网络分段"}, []string{"proof-*"}},
		{iec + "5.2", words{"protection of the boundary of a zone", "区域边界防护"}, []string{"proof-*", "sandbox.txt"}},
	}
}
