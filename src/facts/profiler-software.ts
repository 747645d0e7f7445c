import type { FactSheet } from "./fact-sheet.ts"
import { type Json, jsonObjects } from "./json-text.ts"
import { jsonText, takeJsonWhole } from "./json-values.ts"
import { isOfDarwin, MACOS_BUILD, MACOS_VERSION } from "./macos-version.ts"
import { isMountPoint } from "./mount-point.ts"
import { shorten } from "./numbers.ts"

/** `macOS 26.6.2 (25G83)`: version and build, which must go together. */
export function readSystemVersion(sheet: FactSheet, text: string, key: string): void {
  const match = /^(?:macOS|Mac OS X|OS X) (\S+) \((\w+)\)$/.exec(text)
  const [, version = "", build = ""] = match ?? []
  if (!MACOS_VERSION.test(version) || !MACOS_BUILD.test(build)) {
    sheet.unknown("macosVersion", "garbage", `"${shorten(text)}" is no version`, key)
    sheet.unknown("macosBuild", "garbage", `"${shorten(text)}" is no version`, key)
  } else if (!isOfDarwin(version, Number(build.slice(0, 2)))) {
    sheet.unknown("macosVersion", "contradictory", `build ${build} is none of macOS ${version}`, key)
    sheet.unknown("macosBuild", "contradictory", `build ${build} is none of macOS ${version}`, key)
  } else {
    sheet.known("macosVersion", version, key)
    sheet.known("macosBuild", build, key)
  }
}

/** `SPSoftwareDataType`: the system. Names of computer and user are left alone. */
export function readProfiledSoftware(sheet: FactSheet, items: Json): void {
  for (const item of jsonObjects(items)) {
    const version = jsonText(sheet, ["macosVersion", "macosBuild"], item.os_version, "os_version")
    if (version !== null) readSystemVersion(sheet, version, "os_version")
    const kernel = jsonText(sheet, ["darwinVersion"], item.kernel_version, "kernel_version")
    const darwin = /^Darwin ([12]\d\.\d{1,2}\.\d)$/.exec(kernel ?? "")?.[1]
    if (darwin !== undefined) sheet.known("darwinVersion", darwin, "kernel_version")
    else if (kernel !== null)
      sheet.unknown("darwinVersion", "garbage", `"${shorten(kernel)}" is no version`, "kernel_version")
  }
}

const MOST_BYTES = 2 ** 53

/** `SPStorageDataType`. Free space is the container's, so volumes of one container have the same. */
export function readProfiledStorage(sheet: FactSheet, items: Json): void {
  for (const item of jsonObjects(items)) {
    const mount = item.mount_point
    const { size_in_bytes: size, free_space_in_bytes: free } = item
    if (typeof mount !== "string" || !isMountPoint(mount)) continue
    if (typeof size === "number" && typeof free === "number" && free > size) {
      for (const name of ["diskSizeBytes", "diskAvailableBytes"] as const) {
        sheet.unknown(name, "contradictory", "more is free than there is", name, mount)
      }
      continue
    }
    // One of the two cannot be checked alone.
    if (typeof size !== "number" || typeof free !== "number") {
      for (const name of ["diskSizeBytes", "diskAvailableBytes"] as const)
        sheet.unknown(name, "garbage", "size or free space is no number", name, mount)
      continue
    }
    takeJsonWhole(sheet, "diskSizeBytes", size, [0, MOST_BYTES], "size_in_bytes", mount)
    takeJsonWhole(sheet, "diskAvailableBytes", free, [0, MOST_BYTES], "free_space_in_bytes", mount)
  }
}
