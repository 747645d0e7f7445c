/** What the shapes of what comes in are made of. */
import * as z from "zod"
import type { BlobHash } from "../../protocol/ids.ts"
import { STOP_SIGNALS } from "../../protocol/job-values.ts"
import { variableNameProblem } from "../../protocol/job-variables.ts"

export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes("\0"), "must not contain NUL bytes")
    .refine((value) => value.isWellFormed(), "must not contain half a surrogate pair")
export const count = z.int().min(0)
export const within = ({ minimum, maximum }: { readonly minimum: number; readonly maximum: number }) =>
  z.int().min(minimum).max(maximum)
export const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "must be a sha256 in lower-case hex")
  .transform((value) => value as BlobHash)
export const variable = z.string().superRefine((name, context) => {
  const problem = variableNameProblem(name)
  if (problem !== null) context.addIssue({ code: "custom", message: `cannot be a variable of a job: ${problem}` })
})
export const label = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be up to 63 letters, digits, dots, dashes")
export const signal = z
  .string()
  .refine((name) => (STOP_SIGNALS as readonly string[]).includes(name), `must be one of ${STOP_SIGNALS.join(", ")}`)
export const relativePath = text(4096).refine(
  (path) => path === "" || !path.split("/").some((part) => part === "" || part === "." || part === ".."),
  "must be a relative path inside the workspace",
)
