/** Preloaded into test processes of a run with a seed: generated cases are then the same in each such run. */
import fc from "fast-check"

const seed = Number(process.env.WINDFALL_PROPERTY_SEED)
if (!Number.isInteger(seed)) throw new TypeError(`WINDFALL_PROPERTY_SEED is no whole number: ${seed}`)
fc.configureGlobal({ seed })
