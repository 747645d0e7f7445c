import * as z from "zod"
import type { BlobsMissingAnswer, BlobsStored, DoctorReport, Health } from "../../../protocol/api.ts"
import type { HostRecording } from "../../../protocol/recording.ts"
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
        level: z.enum(["ok", "note", "warning", "problem", "unknown"]),
        text: z.string(),
        fix: z.string().nullable(),
      }),
    ),
  }),
)

export const hostRecording = answer(
  "HostRecording",
  "What a host's commands printed, masked, as the files of a record",
  z.object({
    takenAt: z.string(),
    label: z.string(),
    files: z.array(z.object({ name: z.string(), text: z.string() })),
    commands: z.array(
      z.object({
        file: z.string(),
        command: z.string(),
        exitCode: z.int().nullable(),
        outcome: z.enum(["ended", "timed_out", "missing"]),
      }),
    ),
    masked: z.record(z.string(), count).describe("How many different values of each kind were masked"),
    leftOut: z.array(z.string()).describe("Files that could not be masked without changing what is read from them"),
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
  Describes<typeof hostRecording, HostRecording>,
  Describes<typeof missingBlobs, BlobsMissingAnswer>,
  Describes<typeof storedBlobs, BlobsStored>,
] = [true, true, true, true, true]
