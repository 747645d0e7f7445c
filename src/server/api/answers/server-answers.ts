import * as z from "zod"
import type { BlobsMissingAnswer, BlobsStored, DoctorReport, Health } from "../../../protocol/api.ts"
import { answer, count, type Describes, hash } from "./answer.ts"

export const health = answer(
  "Health",
  "Which server this is",
  z.object({ server: z.string(), version: z.string(), api: count }),
)

export const doctorReport = answer(
  "DoctorReport",
  "What was looked at, and what to do about it",
  z.object({
    findings: z.array(
      z.object({
        subject: z.string(),
        code: z.string().describe("Stable, for scripts"),
        level: z.enum(["ok", "warning", "problem", "unknown"]),
        text: z.string(),
        fix: z.string().nullable(),
      }),
    ),
  }),
)

export const missingBlobs = answer(
  "MissingBlobs",
  "Which of the blobs are not there yet",
  z.object({ missing: z.array(hash) }),
)
export const storedBlobs = answer("StoredBlobs", "How many blobs are on disk now", z.object({ stored: count }))

export const SERVER_ANSWERS_AGREE: readonly [
  Describes<typeof health, Health>,
  Describes<typeof doctorReport, DoctorReport>,
  Describes<typeof missingBlobs, BlobsMissingAnswer>,
  Describes<typeof storedBlobs, BlobsStored>,
] = [true, true, true, true]
