import type { FactSheet } from "./fact-sheet.ts"
import { type Json, jsonObjects } from "./json-text.ts"
import { isOfDarwin, MACOS_BUILD, MACOS_VERSION } from "./macos-version.ts"
import { isMountPoint } from "./mount-point.ts"
import { readWhole, shorten } from "./numbers.ts"

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
    if (typeof item.os_version === "string") readSystemVersion(sheet, item.os_version, "os_version")
    const kernel = item.kernel_version
    const darwin = typeof kernel === "string" ? /^Darwin ([12]\d\.\d{1,2}\.\d)$/.exec(kernel)?.[1] : undefined
    if (darwin !== undefined) sheet.known("darwinVersion", darwin, "kernel_version")
  }
}

const MOST_BYTES = 2 ** 53

/** `SPStorageDataType`. Free space is the container's, so volumes of one container have the same. */
export function readProfiledStorage(sheet: FactSheet, items: Json): void {
  for (const item of jsonObjects(items)) {
    const mount = item.mount_point
    const { size_in_bytes: size, free_space_in_bytes: free } = item
    if (typeof mount !== "string" || !isMountPoint(mount)) continue
    if (typeof size !== "number" || typeof free !== "number") continue
    if (free > size) {
      for (const name of ["diskSizeBytes", "diskAvailableBytes"] as const) {
        sheet.unknown(name, "contradictory", "more is free than there is", name, mount)
      }
      continue
    }
    sheet.take("diskSizeBytes", readWhole(String(size), 0, MOST_BYTES), "size_in_bytes", mount)
    sheet.take("diskAvailableBytes", readWhole(String(free), 0, MOST_BYTES), "free_space_in_bytes", mount)
  }
}
