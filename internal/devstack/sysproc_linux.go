package devstack

import "syscall"

// capDACOverride is CAP_DAC_OVERRIDE of linux/capability.h: pass any
// permission check on files.
const capDACOverride = 1

// platformAttr asks the kernel to send deathSignal to the child when the
// thread that started it ends. passFolders lets an unprivileged child through
// folders closed to its user; only root can grant that.
func platformAttr(attr *syscall.SysProcAttr, deathSignal syscall.Signal, passFolders bool) {
	attr.Pdeathsig = deathSignal
	if passFolders {
		attr.AmbientCaps = []uintptr{capDACOverride}
	}
}
