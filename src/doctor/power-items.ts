import { type HostLook, isText, isTexts, type Told } from "./host-look.ts"
import { item, notKnown, ok, warning } from "./item.ts"

/** From this release on the GPU's watchdog ends work that keeps a lit display waiting (kIOGPUCommandBufferCallbackErrorImpactingInteractivity). */
const WATCHDOG_MACOS = 26

/** A setting while on the mains, from `pmset -g custom` (pmset(1)). */
function onMains(look: HostLook, name: string): Told<number> {
  return look.number("pmset-g-custom", "powerSetting", `AC Power: ${name}`)
}

export const sleep = item("sleep", (look) => {
  const minutes = onMains(look, "sleep")
  if (!minutes.known) return notKnown("whether it sleeps by itself", minutes.why)
  if (minutes.value === 0) return ok("on the mains it does not sleep by itself")
  return warning(
    `on the mains it sleeps after ${minutes.value} min without use. Jobs keep it awake while they run; else it must be woken for the next one`,
    "There: sudo pmset -c sleep 0   or System Settings > Energy > Prevent automatic sleeping when the display is off",
  )
})

export const wakeForNetwork = item("wake_for_network", (look) => {
  const isOn = onMains(look, "womp")
  if (!isOn.known) return notKnown("whether it wakes for the network", isOn.why)
  if (isOn.value === 1) return ok("it wakes for network access")
  return warning(
    "it does not wake for network access: once asleep it gets jobs only after somebody touched it",
    "There: sudo pmset -c womp 1   or System Settings > Energy > Wake for network access",
  )
})

export const restartAfterPowerFailure = item("restart_after_power_failure", (look) => {
  const form = look.together("formFactor", isText)
  const isOn = onMains(look, "autorestart")
  // A laptop has a battery, and mostly not this setting.
  if (!isOn.known && form.known && form.value === "laptop" && look.failureOf("pmset-g-custom") === null) {
    return onMains(look, "sleep").known ? null : notKnown("whether it starts after a power failure", isOn.why)
  }
  if (!isOn.known) return notKnown("whether it starts after a power failure", isOn.why)
  const locked = look.truth("fdesetup", "isFileVaultOn")
  if (isOn.value !== 1) {
    return warning(
      "after a power failure it stays off until somebody switches it on",
      "There: sudo pmset -a autorestart 1   or System Settings > Energy > Start up automatically after a power failure",
    )
  }
  if (locked.known && locked.value) return ok("it starts by itself after a power failure, and then waits for FileVault")
  return ok("it starts by itself after a power failure")
})

/** apple_ssh_and_filevault(7): before the disk is unlocked there are no keys; from macOS 26 on a password by ssh unlocks it. */
export const fileVault = item("filevault", (look) => {
  const isOn = look.truth("fdesetup", "isFileVaultOn")
  if (!isOn.known) return notKnown("whether FileVault is on", isOn.why)
  if (!isOn.value)
    return ok("FileVault is off: after a restart it can be reached at once. Its disk is not encrypted for who takes it")
  const version = macosMajor(look)
  const how =
    version.known && version.value >= WATCHDOG_MACOS
      ? "or somebody of its own logs in by ssh with a password, which unlocks it and is cut off once"
      : "as no ssh answers until then"
  return warning(
    `FileVault is on: after a restart or a power failure it stays locked until somebody logs in at its keyboard, ${how}`,
    "Restart it by: sudo fdesetup authrestart   (it asks for a password and unlocks once). Whether a Mac in a locked room needs FileVault is its owner's decision",
  )
})

export const gpuWatchdog = item("gpu_watchdog", (look) => {
  const version = macosMajor(look)
  const displayMinutes = onMains(look, "displaysleep")
  const isLit = look.truth("pmset-g-systemstate", "isDisplayPowered")
  if (!version.known) return notKnown("whether a lit display endangers jobs", version.why)
  if (version.value < WATCHDOG_MACOS) return ok(`macOS ${version.value} does not end GPU work for the display's sake`)
  const fix = "There: pmset displaysleepnow   and for ever: sudo pmset -c displaysleep 5. Never caffeinate -d"
  const displays = displaysOf(look)
  if (isLit.known && isLit.value && displays.known && displays.value > 0) {
    return warning(
      "its display is lit: from macOS 26 on the GPU's watchdog then ends training that keeps the display waiting (Impacting Interactivity)",
      fix,
    )
  }
  if (!displayMinutes.known) return notKnown("whether a display stays lit while jobs run", displayMinutes.why)
  if (displayMinutes.value === 0) {
    return warning("its display never sleeps: once lit, the GPU's watchdog of macOS 26 may end training", fix)
  }
  if (!isLit.known) return notKnown("whether its display is lit", isLit.why)
  const after = `it sleeps after ${displayMinutes.value} min`
  if (!isLit.value) return ok(`its display is off, and once lit ${after}: the GPU's watchdog has no reason to end jobs`)
  if (!displays.known) return notKnown("whether a display is lit", displays.why)
  return ok(`no display is connected, and one that is ${after}`)
})

export const lowPowerMode = item("low_power_mode", (look) => {
  const low = onMains(look, "lowpowermode")
  const mode = onMains(look, "powermode")
  const fix = "There: sudo pmset -c lowpowermode 0   or System Settings > Energy > Low Power Mode: never on the mains"
  if ((low.known && low.value === 1) || (mode.known && mode.value === 1)) {
    return warning("Low Power Mode is on, on the mains too: jobs run much slower", fix)
  }
  if (low.known || mode.known) return ok("on the mains Low Power Mode is off")
  return notKnown("whether Low Power Mode is on", low.why)
})

/** How many displays are connected. A Mac without any has no list of them, and neither has a damaged output. */
function displaysOf(look: HostLook): Told<number> {
  const displays = look.fact("SPDisplays", "displays")
  if (displays.known) return { known: true, value: isTexts(displays.value) ? displays.value.length : 0 }
  return {
    known: false,
    why: "its graphics are powered, and no display is listed. Where none is connected there is no danger",
  }
}

/** "26.1" is 26. */
export function macosMajor(look: HostLook): Told<number> {
  const version = look.together("macosVersion", isText)
  return version.known ? { known: true, value: Number.parseInt(version.value, 10) } : version
}
