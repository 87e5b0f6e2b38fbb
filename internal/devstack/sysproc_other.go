//go:build !linux

package devstack

import "syscall"

// platformAttr does nothing where the kernel has no parent-death signal: there
// a kill -9 of the parent leaves children behind until the next Start.
func platformAttr(*syscall.SysProcAttr, syscall.Signal, bool) {}
