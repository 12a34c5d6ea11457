"""Pins, I2C and PWM for driver tests: a record of what was done, and hooks. Do not upload.

Not imitated: electrical levels but for what a test's hook returns, timing, pins that cannot do what they are asked.
"""


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_UP = 2

    pins = {}
    on_write = None
    on_read = None

    def __init__(self, number, mode=None, pull=None, value=None):
        self.number = number
        self.mode = mode
        self.pull = pull
        self.level = 1 if value is None else value
        Pin.pins[number] = self

    def init(self, mode):
        self.mode = mode

    def value(self, level=None):
        if level is None:
            return Pin.on_read(self.number) if Pin.on_read else self.level
        self.level = int(level)
        if Pin.on_write:
            Pin.on_write(self.number, self.level)
        return None


class PWM:
    made = []

    def __init__(self, pin, freq=0, duty_u16=0):
        self.pin = pin
        self.heard = []
        self.hz = freq
        self.duty = duty_u16
        PWM.made.append(self)

    def freq(self, hz):
        self.hz = hz

    def duty_u16(self, duty):
        self.duty = duty
        self.heard.append(self.hz if duty else 0)


class I2C:
    devices = {}
    on_send = None

    def __init__(self, bus, scl, sda, freq=0, timeout=0):
        pass

    def readfrom_mem(self, address, register, count):
        if address not in I2C.devices:
            raise OSError(19)
        return bytes(I2C.devices[address][register : register + count])

    def writeto_mem(self, address, register, data):
        if address not in I2C.devices:
            raise OSError(19)
        I2C.devices[address][register : register + len(data)] = data

    def writeto(self, address, data):
        if not I2C.on_send:
            raise OSError(19)
        for byte in data:
            I2C.on_send(address, byte)
