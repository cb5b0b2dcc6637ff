"""What the tests of pages in a browser share."""

import time


def errors(browser):
    """What the console complains of, but for the icon that a browser asks a site's root for by itself."""
    said = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    return [text for text in said if "/favicon.ico" not in text and "beforeunload" not in text]


def wait_for(browser, script, seconds=90):
    end = time.monotonic() + seconds
    while not (found := browser.execute_script(script)):
        assert time.monotonic() < end, f"not within {seconds} s: {script}"
        time.sleep(0.1)
    return found
