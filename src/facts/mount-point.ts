/** Where macOS itself mounts volumes; a name below /Volumes is whoever's who named the volume. */
const OF_SYSTEM =
  /^(\/|\/(dev|net|home|private\/var\/vm)|\/System\/Volumes\/(VM|Preboot|Update|xarts|iSCPreboot|Hardware|Data|Data\/home|Update\/mnt1|Update\/SFR|Update\/SFR\/mnt1|Recovery|FieldService\w*|BaseSystem))$/
const OF_SOMEBODY = /^\/Volumes\/\w[\w.@+-]*( {1,3}[\w.@+-]+)*$/

/** Whether a path is one that volumes are mounted at. Others are damaged, or too odd to tell. */
export function isMountPoint(path: string): boolean {
  return OF_SYSTEM.test(path) || OF_SOMEBODY.test(path)
}
