//go:build linux && (amd64 || arm64)

package sandbox

import "golang.org/x/sys/unix"

// Places in struct seccomp_data; both architectures are little-endian.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

// test is a condition on an argument of a system call.
type test struct {
	arg  int
	op   uint16 // unix.BPF_JEQ, BPF_JGE or BPF_JSET
	want uint32
	not  bool
	wide bool // the high half must be 0, too
}

func equals(arg int, v uint32) test  { return test{arg: arg, op: unix.BPF_JEQ, want: v} }
func below(arg int, v uint32) test   { return test{arg: arg, op: unix.BPF_JGE, want: v, not: true} }
func atLeast(arg int, v uint32) test { return test{arg: arg, op: unix.BPF_JGE, want: v} }
func has(arg int, v uint32) test     { return test{arg: arg, op: unix.BPF_JSET, want: v} }
func lacks(arg int, v uint32) test   { return test{arg: arg, op: unix.BPF_JSET, want: v, not: true} }
func exactly(arg int, v uint32) test { return test{arg: arg, op: unix.BPF_JEQ, want: v, wide: true} }

// rule says that a system call meets action when all tests hold.
type rule struct {
	number uint32
	action uint32
	tests  []test
}

// Actions.
const (
	allow = unix.SECCOMP_RET_ALLOW
	deny  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	hide  = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS) // as a kernel does that is too old for the call
	kill  = unix.SECCOMP_RET_KILL_PROCESS
)

// permit allows a call when all tests hold; forbid denies it.
func permit(number uint32, tests ...test) rule { return rule{number, allow, tests} }
func forbid(number uint32, tests ...test) rule { return rule{number, deny, tests} }

// noClone3 makes C libraries start threads by clone, whose flags a filter can read.
func noClone3() rule { return rule{number: unix.SYS_CLONE3, action: hide} }

func stmt(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }

func jump(code uint16, k uint32, jt, jf uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_K | code, K: k, Jt: jt, Jf: jf}
}

// assemble makes the program: the first rule that fits decides, else otherwise does.
// A call of another architecture ends the process; x32 calls, which have numbers of
// their own, fail.
func assemble(arch uint32, rules []rule, otherwise uint32) []unix.SockFilter {
	load := func(at uint32) unix.SockFilter { return stmt(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, at) }
	ret := func(action uint32) unix.SockFilter { return stmt(unix.BPF_RET|unix.BPF_K, action) }
	p := []unix.SockFilter{
		load(offArch), jump(unix.BPF_JEQ, arch, 1, 0), ret(kill),
		load(offNumber), jump(unix.BPF_JGE, 0x4000_0000, 0, 1), ret(deny),
	}
	for _, r := range rules {
		var body []unix.SockFilter
		size := 0
		for _, t := range r.tests {
			size += 2
			if t.wide {
				size += 2
			}
		}
		if size > 0 {
			size++ // the return; behind it the number is loaded again
		}
		for _, t := range r.tests {
			at := uint32(offArgs + 8*t.arg)
			if t.wide {
				body = append(body, load(at+4))
				body = append(body, jump(unix.BPF_JEQ, 0, 0, uint8(size-len(body)-1)))
			}
			body = append(body, load(at))
			miss := uint8(size - len(body) - 1)
			if t.not {
				body = append(body, jump(t.op, t.want, miss, 0))
			} else {
				body = append(body, jump(t.op, t.want, 0, miss))
			}
		}
		body = append(body, ret(r.action))
		if size > 0 {
			body = append(body, load(offNumber))
		}
		p = append(p, jump(unix.BPF_JEQ, r.number, 0, uint8(len(body))))
		p = append(p, body...)
	}
	return append(p, ret(otherwise))
}
