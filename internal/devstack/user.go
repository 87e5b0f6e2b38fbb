package devstack

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// runAs is another user a child runs as.
type runAs struct {
	name       string
	credential *syscall.Credential
	// passFolders is set when a folder above the data is closed to the user.
	passFolders bool
}

// postgresUser decides who runs PostgreSQL, which refuses root: this process's
// user (nil), or, for root, the owner of an existing cluster, else the system
// user "postgres", else "nobody".
func postgresUser(dataDir, cluster string) (*runAs, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nil is a value here: nobody else
	}
	account, err := postgresAccount(cluster)
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("devstack: user %s: %w", account.Username, err)
	}
	as := &runAs{name: account.Username, credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	as.passFolders = !as.canPass(dataDir)
	return as, nil
}

func postgresAccount(cluster string) (*user.User, error) {
	if info, err := os.Stat(cluster); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
			if owner, err := user.LookupId(strconv.FormatUint(uint64(stat.Uid), 10)); err == nil {
				return owner, nil
			}
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		if account, err := user.Lookup(name); err == nil {
			return account, nil
		}
	}
	return nil, errors.New("devstack: PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it as")
}

// canPass reports whether the user may walk through every folder down to dir.
func (u *runAs) canPass(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return false
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || !u.mayEnter(stat.Uid, stat.Gid, info.Mode().Perm()) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (u *runAs) mayEnter(uid, gid uint32, mode os.FileMode) bool {
	switch {
	case uid == u.credential.Uid:
		return mode&0o100 != 0
	case gid == u.credential.Gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// own gives a file to the user; without one it stays ours.
func (u *runAs) own(name string) error {
	if u == nil {
		return nil
	}
	return os.Chown(name, int(u.credential.Uid), int(u.credential.Gid))
}
