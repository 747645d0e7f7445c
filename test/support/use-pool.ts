import { after, before } from "node:test"
import { type Pool, startPool } from "./pool.ts"
import type { PoolOptions } from "./pool-options.ts"

/** One pool for all tests of a file: started before the first of them, gone after the last. */
export function usePool(options: PoolOptions): () => Pool {
  let pool: Pool | undefined
  before(async () => {
    pool = await startPool(options)
  })
  after(async () => {
    await pool?.[Symbol.asyncDispose]()
  })
  return () => {
    if (pool === undefined) throw new Error("the pool has not started")
    return pool
  }
}
