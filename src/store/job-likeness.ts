import { createHash } from "node:crypto"
import type { JobSpec } from "../protocol/job.ts"
import { likenessOf } from "../protocol/likeness.ts"

/** What a job is the same as, short enough for an index. */
export function likenessHash(user: string, spec: JobSpec): string {
  return createHash("sha256").update(likenessOf(user, spec)).digest("hex").slice(0, 32)
}
