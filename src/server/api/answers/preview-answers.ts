import * as z from "zod"
import type { JobPreviews } from "../../../protocol/job-preview.ts"
import { answer, count, type Describes } from "./answer.ts"
import { whyHosts } from "./job-answers.ts"

export const previews = answer(
  "JobPreviews",
  "Where jobs could run, in the order asked",
  z.object({
    jobs: z.array(
      z.object({
        summary: z.string(),
        code: z.string().describe("Stable, for scripts"),
        hosts: whyHosts,
        travel: z.string().nullable().describe("That much of its folder would go over Wi-Fi, in words"),
        data: z.array(
          z.object({
            name: z.string(),
            path: z.string().describe("In the job's folder"),
            version: count.nullable().describe("None of what only hosts have"),
            bytes: count,
            hosts: z.array(z.string()).describe("Hosts on which it lies"),
          }),
        ),
      }),
    ),
  }),
)

export const PREVIEW_ANSWERS_AGREE: Describes<typeof previews, JobPreviews> = true
