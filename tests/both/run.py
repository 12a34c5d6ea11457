"""Runs test modules on MicroPython: `micropython run.py test_member test_month …`.

A test module here is plain: functions named `test_*`, `assert`, and imports that both interpreters have. pytest
collects the same modules on CPython; `tests/test_on_micropython.py` calls this one. Prints a line for each test and a
summary; exits with 1 when a test failed or none was found.
"""

import sys


def run_module(name):
    """Import a module and run its tests in name order; returns (passed, failed)."""
    passed = failed = 0
    module = __import__(name)
    for test in sorted(entry for entry in dir(module) if entry.startswith("test_")):
        try:
            getattr(module, test)()
            passed += 1
            print("ok  ", name + "." + test)
        except Exception as error:
            failed += 1
            print("FAIL", name + "." + test)
            # CPython, on which this runner can be tried too, has traceback instead.
            getattr(sys, "print_exception", print)(error)
    return passed, failed


def main(names):
    """Run all modules and return the exit code."""
    passed = failed = 0
    for name in names:
        try:
            more_passed, more_failed = run_module(name)
        except Exception as error:
            more_passed, more_failed = 0, 1
            print("FAIL", name, "does not import")
            getattr(sys, "print_exception", print)(error)
        passed += more_passed
        failed += more_failed
    print(passed, "passed,", failed, "failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
