package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemd itself starts the unit in deploy/, with all that it takes from the program, reloads,
// restarts and stops it. It runs as the first process of namespaces of its own, over a root
// in which nothing that it writes stays, and knows no unit of this machine.
func TestUnitUnderSystemd(t *testing.T) {
	t.Parallel()
	for _, name := range []string{systemd, "/usr/bin/unshare", "/usr/bin/curl"} {
		if _, err := exec.LookPath(name); err != nil || os.Getuid() != 0 {
			t.Skipf("root and %s are needed: apt-get install systemd curl && go test ./e2e", name)
		}
	}
	database := schemaOf(t)
	if err := buildProgram(); err != nil {
		t.Fatal(err)
	}
	dir, port := t.TempDir(), freePort(t)
	files := map[string]string{
		"setup.sh": setupSystemd, "check.sh": checkUnit, "check.service": checkService,
		"environment":         "NANGO_LITE_DATABASE=" + database + "\nPGPASSWORD='not asked for'\nNANGO_LITE_API_KEY=" + nginxAPIKey + "\n",
		"integrations.yaml":   "integrations: {}\n",
		"nango-lite@.service": readFile(t, "../deploy/nango-lite@.service"),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin", "DIR=" + dir, "PROGRAM=" + program, "PORT=" + port, "SYSTEMD=" + systemd}
	out := start(t, dir, env, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--cgroup", "sh", "setup.sh").end()
	said := readFile(t, filepath.Join(dir, "said"))
	if out.code != 0 {
		t.Fatalf("exit %d\n%s\n%s%s", out.code, said, out.stdout, out.stderr)
	}
	for _, want := range []string{"CapBnd:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n", "Result=success\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("the unit does not make it so that %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "Uid:\t0\t") {
		t.Errorf("the program runs as root:\n%s", said)
	}
}

const systemd = "/lib/systemd/systemd"

// setupSystemd makes a root of this machine's, writable, with what an operator has put there.
// Kernel settings are for reading alone. A chroot would not do: who is in one gets no user
// namespace, which PrivateUsers= is.
const setupSystemd = `set -e
over=$DIR/over root=$DIR/over/root units=/etc/nango-lite-units
mount -t tmpfs tmpfs "$(mkdir -p $over && echo $over)"
mkdir $over/upper $over/work $root
mount -t overlay overlay -o lowerdir=/,upperdir=$over/upper,workdir=$over/work $root
mount -t proc proc $root/proc
mount --bind $root/proc/sys $root/proc/sys
mount -o remount,ro,bind $root/proc/sys
mount -t sysfs -o ro sysfs $root/sys
mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs $root/dev
for device in null zero full random urandom tty; do
	cp -a /dev/$device $root/dev/$device
done
mkdir $root/dev/pts $root/dev/shm
mount -t devpts devpts $root/dev/pts
ln -s pts/ptmx $root/dev/ptmx
mount -t tmpfs tmpfs $root/dev/shm
mount -t tmpfs -o mode=755 tmpfs $root/run
mount -t tmpfs tmpfs $root/tmp
mkdir $root/said
touch $DIR/said
mount --bind $DIR $root/said

install -m 755 "$PROGRAM" $root/usr/local/bin/nango-lite
chroot $root useradd --system --shell /usr/sbin/nologin nango-lite
mkdir $root/etc/nango-lite
install -m 600 environment $root/etc/nango-lite
install -m 644 integrations.yaml $root/etc/nango-lite
chroot $root nango-lite keys create /etc/nango-lite/keys
chroot $root chown nango-lite: /etc/nango-lite/keys
mkdir $root$units
cp nango-lite@.service $root$units
sed "s/PORT/$PORT/g" check.service >$root$units/check.service
for target in sysinit basic shutdown network-online; do
	printf '[Unit]\nDefaultDependencies=no\n' >$root$units/$target.target
done

mkdir $root/oldroot
cd $root
pivot_root . oldroot
umount -l /oldroot
exec env -i PATH="$PATH" container=other SYSTEMD_UNIT_PATH=$units $SYSTEMD --system --unit=check.service --default-standard-output=null \
	--log-target=console --show-status=no --log-level=warning
`

// checkService ends systemd, with what the script has said of the unit.
const checkService = `[Unit]
Wants=nango-lite@PORT.service
After=nango-lite@PORT.service
SuccessAction=exit-force
FailureAction=exit-force
SuccessActionExitStatus=0
FailureActionExitStatus=1
[Service]
Type=oneshot
Environment=UNIT=nango-lite@PORT.service READY=http://127.0.0.1:PORT/readyz
StandardOutput=file:/said/said
StandardError=file:/said/said
ExecStart=/bin/sh -x /said/check.sh
`

const checkUnit = `set -e
ready() { curl --silent --show-error --fail --retry 30 --retry-delay 1 --retry-connrefused $READY; }
ready || { systemctl status --no-pager $UNIT; exit 1; }
first=$(systemctl show -P MainPID $UNIT)
grep -E '^(Uid|Cap|NoNewPrivs|Seccomp)' /proc/$first/status
systemctl reload $UNIT
ready
[ $first = $(systemctl show -P MainPID $UNIT) ]
systemctl restart $UNIT
ready
[ $first != $(systemctl show -P MainPID $UNIT) ]
systemctl stop $UNIT
systemctl show -p Result $UNIT
`
