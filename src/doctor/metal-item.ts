import { item, notKnown, ok, problem } from "./item.ts"
import { readObject } from "./network-items.ts"
import { OWN_PROBES } from "./probes.ts"

/** How many numbers the program has the GPU compute (agent/doctor/metal-program.ts). */
export const METAL_CELLS = 65_536

/**
 * Metal is proved by computing: the program hands the GPU numbers, reads the results back and compares each. Whether a device
 * "is available" says nothing (virtual Macs have one that cannot allocate).
 */
export const metal = item("metal", (look) => {
  const what = "whether Metal computes over ssh"
  const failure = look.failureOf(OWN_PROBES.metal)
  const said = readObject(look.output(OWN_PROBES.metal)?.stdout ?? "")
  // A failure that the program tells itself counts; a crash of it says nothing of Metal.
  if (said === null) return notKnown(what, failure ?? "what the program printed is damaged")
  const { device, cells, right, failed, reason } = said
  const why = typeof reason === "string" ? reason.slice(0, 300) : ""
  if (failed === "tool") return notKnown(what, `the program that would compute cannot run there: ${why}`)
  const fix =
    'Try it there by ssh with what your jobs use: python -c "import mlx.core as mx; print(mx.ones(8)+1)". In a virtual machine there is no Metal; else restart the Mac'
  if (typeof failed === "string") {
    const where = /^\w{1,20}$/.test(failed) ? failed : "a step"
    return problem(`Metal does not compute over ssh: ${where} failed${why === "" ? "" : ` (${why})`}`, fix)
  }
  if (failure !== null) return notKnown(what, failure)
  if (cells !== METAL_CELLS || typeof right !== "number" || typeof device !== "string" || !Number.isInteger(right)) {
    return notKnown(what, "what the program printed is damaged")
  }
  if (right !== METAL_CELLS)
    return problem(`the GPU computes wrongly: ${cells - right} of ${cells} results differ`, fix)
  return ok(`Metal computes over ssh on ${device.slice(0, 60)}: ${cells} results were read back and are right`)
})
