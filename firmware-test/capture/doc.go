// Package capture reads captured packets: pcap and pcapng files, plain or gzip,
// several at once, or a Linux network interface.
//
//	file ─► sha256 ─► gunzip ─► pcap/pcapng records ─┐
//	file ─► …                                        ├─ merged by time ─► Packet ─► Decode ─► Headers
//	interface (AF_PACKET) ───────────────────────────┘                     └─ Fragments (IP reassembly)
//
// A Packet belongs to a cable: the name given with the file ("inner=a.pcapng")
// and, for a pcapng file, the name of the interface. The same connection seen on
// two cables is two connections.
//
// Files and headers are parsed here and not by a general decoder, because the caller
// must account for every byte of a packet (what lies behind the IP length, in
// options, in the urgent pointer) and of a file. No packet is copied: a window on the
// file shows it. The tests compare both parsers with gopacket's.
//
// What a capture lacks is never hidden: a file that ends in the middle of a record or
// contradicts itself, packets the capturing system dropped, a recording that was killed
// before it wrote how many, packets cut by a snap length and link types that cannot be
// read are counted, for the judge to weigh.
//
// The package opens files for reading only, needs neither libpcap nor cgo, and
// holds one packet and one read buffer per file whatever the size of the file.
package capture
