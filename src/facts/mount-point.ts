import { isFreeName } from "./free-name.ts"

/** Where macOS itself mounts volumes; a name below /Volumes is whoever's who named the volume. */
const OF_SYSTEM =
  /^(\/|\/(dev|net|home|private\/var\/vm)|\/System\/Volumes\/(VM|Preboot|Update|xarts|iSCPreboot|Hardware|Data|Data\/home|Update\/mnt1|Update\/SFR|Update\/SFR\/mnt1|Recovery|FieldService\w*|BaseSystem))$/
const OF_SOMEBODY = /^\/Volumes\/([^/]+)$/

/** Whether a path is one that volumes are mounted at. Others are damaged, or too odd to tell. */
export function isMountPoint(path: string): boolean {
  return OF_SYSTEM.test(path) || isFreeName(OF_SOMEBODY.exec(path)?.[1] ?? "")
}
