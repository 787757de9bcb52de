//go:build !linux

package proc

import "syscall"

func dieWithParent() *syscall.SysProcAttr { return nil }

func resident(int) int64 { return 0 }
