#!/bin/bash
# Makes a machine of namespaces (booted.py) and becomes its systemd. FOLDER holds what it writes.
set -euo pipefail
folder=$1 checkout=$2 python=$3
mount -t tmpfs -o mode=755 tmpfs "$folder"
root=$folder/root
mkdir -p "$root" "$folder/upper" "$folder/work" "$folder/class"
mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" overlay "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys" && mount -o remount,bind,ro "$root/proc/sys" # the kernel is the tests' own
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for place in run tmp home srv; do mount -t tmpfs -o mode=755 "$place" "$root/$place"; done
chmod 1777 "$root/tmp"
rm -rf "$root"/{etc,var/lib}/keskidee # of the overlay: where keskidee runs for real its settings and data are not the tests'
mkdir "$root/srv/sealed" && mount -t tmpfs -o ro sealed "$root/srv/sealed"

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"

# Firmware with serial numbers: /sys/class is links but for a few switches, so a copy of the links is as good. One of the
# switches makes a block device whenever it is read (zram-control/hot_add).
mount -t tmpfs -o mode=755 class "$folder/class"
(cd /sys/class && find . \( -type d -o -type l \) -print0 | tar --create --null --no-recursion --files-from=-) |
    tar --extract --directory="$folder/class"
rm -rf "$folder/class/dmi" && mkdir -p "$folder/class/dmi/id"
cp "$checkout/tests/fixtures/dmi/desktop/sys/class/dmi/id/"* "$folder/class/dmi/id"
chmod 0400 "$folder/class/dmi/id/"{product_serial,product_uuid,chassis_serial}
mount --move "$folder/class" "$root/sys/class"
mount -t tmpfs -o mode=755 firmware "$root/sys/firmware"
mkdir -p "$root/sys/firmware/dmi/tables"
printf 'a table of structures' >"$root/sys/firmware/dmi/tables/DMI"
chmod 0400 "$root/sys/firmware/dmi/tables/DMI"

# The checkout and its Python where every user may look, wherever they lie here; and the command, as a package has it.
mkdir -p "$root/opt/keskidee" "$root/opt/python"
mount --bind -o ro "$checkout" "$root/opt/keskidee"
mount --bind -o ro "$python" "$root/opt/python"
program=$(cd "$root/opt/python/bin" && ls python3.?? | head -1)
if compgen -G "$root/opt/python/lib/libpython*.so*" >/dev/null; then # one that was not built into the interpreter
    printf '/opt/python/lib\n' >"$root/etc/ld.so.conf.d/000-python.conf" && ldconfig -r "$root"
fi
cat >"$root/usr/bin/keskidee" <<END
#!/opt/python/bin/$program
import sys
folders = ("agent", "collector", "exporters", "config", "command", ".venv/lib/$program/site-packages")
sys.path[:0] = ["/opt/keskidee/" + folder for folder in folders]
from keskidee.cli import main
sys.exit(main())
END
chmod 0755 "$root/usr/bin/keskidee"

rm -rf "$root/etc/systemd/system" && mkdir -p "$root/etc/systemd/system"
printf '[Unit]\nDescription=nothing yet\n' >"$root/etc/systemd/system/quiet.target"
for unit in udevd networkd timesyncd logind resolved sysctl modules-load; do
    ln -s /dev/null "$root/etc/systemd/system/systemd-$unit.service"
done
cd "$root" && mkdir -p old && pivot_root . old && umount -l /old
mount --make-rshared / # as systemd does where it boots a system; credentials reach a service by it
exec env -i container=keskidee-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=quiet.target --show-status=0 --log-target=journal
