"""A stick that is also a keyboard: made by the kernel's own gadget driver inside the laptop."""

from tests.vm.sticks.bench import Bench
from tests.vm.sticks.rows import Row

_KEYBOARD = (
    "05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503910395"
    "067508150025650507190029658100c0"
)
"""The report descriptor of a plain keyboard, from the HID specification."""
MAKE = """\
set -e
modprobe dummy_hcd; modprobe libcomposite
truncate -s 64M /run/lab/gadget.img
mkfs.vfat -n KLAS /run/lab/gadget.img >/dev/null
g=/sys/kernel/config/usb_gadget/lab
mkdir -p $g/strings/0x409 $g/configs/c.1
echo 0x1d6b >$g/idVendor; echo 0x0104 >$g/idProduct
echo INVENTED-1 >$g/strings/0x409/serialnumber
echo 'Invented stick' >$g/strings/0x409/product
mkdir $g/functions/mass_storage.0
echo /run/lab/gadget.img >$g/functions/mass_storage.0/lun.0/file
mkdir $g/functions/hid.0
echo 1 >$g/functions/hid.0/protocol; echo 1 >$g/functions/hid.0/subclass
echo 8 >$g/functions/hid.0/report_length
python3 -c "import sys; sys.stdout.buffer.write(bytes.fromhex('@KEYBOARD@'))" \
  >$g/functions/hid.0/report_desc
ln -s $g/functions/mass_storage.0 $g/functions/hid.0 $g/configs/c.1/
ls /sys/class/udc | head -1 >$g/UDC
""".replace("@KEYBOARD@", _KEYBOARD)
END = """\
g=/sys/kernel/config/usb_gadget/lab
[ -d $g ] || exit 0
echo '' >$g/UDC; rm $g/configs/c.1/mass_storage.0 $g/configs/c.1/hid.0
rmdir $g/configs/c.1 $g/functions/* $g/strings/0x409 $g; true
"""
_LOOK = """\
for one in /sys/bus/usb/devices/*:*; do
  case $(cat $one/../product 2>/dev/null) in 'Invented stick')
    echo "$(cat $one/bInterfaceClass) $(cat $one/authorized)"
  esac
done
grep -c 'Name="Invented stick"' /proc/bus/input/devices || grep -c Invented /proc/bus/input/devices
"""


def also_a_keyboard(bench: Bench) -> Row:
    """Its storage is switched off, the keyboard goes on, and the event says what it poses as."""
    row = Row(name="FAT stick that is also a keyboard")
    last = bench.product.last()
    bench.seen(row, lambda: bench.laptop.sh(MAKE) and None)
    row.must(row.outcome == "block-usb done" and not row.gains, f"got {row.gains}")
    told = [e for e in bench.product.events(last) if e["kind"] == "usb-storage-attached"]
    row.must(bool(told) and told[-1]["facts"]["also-keyboard"], "not told as a keyboard")
    looked = bench.laptop.sh(_LOOK)
    row.must("08 0" in looked, f"the storage is still on: {looked}")
    row.must("03 1" in looked, f"the keyboard is off: {looked}")
    row.must(bench.laptop.sh("ls /dev/sd* 2>/dev/null; true").strip() == "", "a disk is there")
    bench.laptop.sh(END)
    return row
