package oneway

// words say in English and in Chinese what a person reads in the page.
var verdictWords = map[Verdict][2]string{
	Passed: {"Every connection was opened by the inner side and seen from its start; every byte that came back answers a request, one byte each, all bits 0 or all bits 1; nothing else came back.",
		"所有连接均由内侧发起并自始可见;每个返回字节都对应一个请求,每个请求至多一个字节,全 0 或全 1;此外没有任何返回数据。"},
	Failed:    {"Something came back that must not. Each finding below names the packet.", "出现了不允许的返回数据。下列每条违规都指明了报文。"},
	NotProven: {"Nothing forbidden was seen, but the captures leave something open, so nothing is proven. Each doubt below says what.", "未发现违规,但抓包存在缺口或疑点,因此不能证明。下列每条疑点说明了原因。"},
}

var verdictNames = map[Verdict]string{Passed: "通过", Failed: "未通过", NotProven: "未能证明"}

var kindWords = map[Kind][2]string{
	OpenedOutside: {"the outer side tried to open a connection", "外侧试图发起连接"},
	Unasked:       {"a byte on a connection without any request", "没有请求却返回字节"},
	Early:         {"a byte before its request was complete", "请求未完整就返回字节"},
	SecondByte:    {"a byte when every request had its answer", "所有请求均已应答后仍返回字节"},
	Alphabet:      {"a byte that is neither 00 nor ff", "返回字节既非 00 也非 ff"},
	AfterClose:    {"a byte after the end of the connection", "连接结束后返回字节"},
	SynData:       {"payload on SYN", "SYN 报文携带数据"},
	RstData:       {"payload on RST", "RST 报文携带数据"},
	Urgent:        {"urgent flag or pointer", "紧急标志或紧急指针"},
	Overlap:       {"a position sent twice with different values", "同一序号重复发送但内容不同"},
	Flags:         {"reserved bits, or flags that exclude each other", "保留位被置位或标志互相矛盾"},
	Option:        {"a TCP option that has no business here", "不应出现的 TCP 选项"},
	IPOption:      {"IP options or extension headers", "IP 选项或扩展首部"},
	Padding:       {"bytes behind the IP packet that are not 0", "IP 报文之后的填充字节非 0"},
	BadChecksum:   {"payload in a packet the receiver throws away", "校验和错误的报文携带数据"},
	ICMP:          {"ICMP that nothing asked for", "无请求的 ICMP 报文"},
	Fragment:      {"fragments that overlap, carry more, or never become whole", "分片重叠、夹带数据或不完整"},
	OtherTraffic:  {"another protocol from the outer side", "外侧发来的其他协议"},
	Stray:         {"packets of no connection", "不属于任何连接的报文"},
}

var doubtWords = map[Doubt][2]string{
	Nothing:       {"no request in the captures, or none on the inner cable", "抓包中或内侧线缆上没有请求"},
	SidesGuessed:  {"nobody said which side is the inner one", "未指明内侧地址"},
	SidesMixed:    {"addresses contradict the sides, or the gate is named as inner", "地址与内外侧划分矛盾,或将网闸自身列为内侧"},
	StartUnseen:   {"the connection is older than the capture", "连接早于抓包开始"},
	HoleOut:       {"outward bytes are missing in the capture", "抓包缺少外发字节"},
	HoleBack:      {"returning bytes are missing in the capture", "抓包缺少返回字节"},
	CutPacket:     {"packets were captured shorter than they were", "报文被截短"},
	CaptureDrops:  {"the capturing system lost packets", "抓包系统丢失报文"},
	FileDamaged:   {"a capture file is damaged or ends early", "抓包文件损坏或不完整"},
	Undecodable:   {"packets that cannot be read", "无法解析的报文"},
	WhichWay:      {"traffic whose direction cannot be told", "方向无法判定的流量"},
	Damaged:       {"a returning packet with a wrong checksum", "返回报文校验和错误"},
	Disagree:      {"outward copies that differ", "外发重传内容不一致"},
	Uncompared:    {"something repeated that is too old to compare", "重复内容过旧,无法比对"},
	LateRequest:   {"an answer captured long before its request", "应答早于其请求被抓到"},
	OuterAttempts: {"attempts outside, and the inner cable was not captured", "外侧有尝试而未抓取内侧线缆"},
	Housekeeping:  {"more different link packets than a link needs", "链路维护报文种类过多"},
	OverLimit:     {"the covert bound is over the limit", "隐蔽信道上界超过限值"},
	Evicted:       {"too many connections at a time", "同时连接过多"},
}
