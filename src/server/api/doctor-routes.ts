import { recordFiles } from "../../doctor/host-record-files.ts"
import type { DoctorReport } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostRecording } from "../../protocol/recording.ts"
import { askExamination } from "../doctor/ask-examination.ts"
import { examineOne, overviewOf } from "../doctor/host-doctor.ts"
import { examine } from "../doctor.ts"
import { doctorReport, hostRecording } from "./answers/server-answers.ts"
import { type Route, route } from "./route.ts"

export const doctorRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/doctor",
    summary: "Looks for what is wrong or could go wrong, and says what to do",
    answer: doctorReport,
    respond: async ({ api, core, caller, signal }): Promise<DoctorReport> => {
      const [own, hosts] = await Promise.all([examine(core, caller), overviewOf(core, api.examinations, signal)])
      return { findings: [...own, ...hosts] }
    },
  }),
  route({
    method: "GET",
    path: "/v1/hosts/:host/doctor",
    summary: "Has a host go through its checklist, which changes nothing there, and says what to do",
    answer: doctorReport,
    respond: async ({ api, core, caller, params, signal }): Promise<DoctorReport> => {
      const host = core.fleet.find(params.host ?? "")
      return { findings: await examineOne(core, api.examinations, host, { viewer: caller, signal }) }
    },
  }),
  route({
    method: "GET",
    path: "/v1/hosts/:host/record",
    summary: "What a host's commands print, with what tells of its people masked. For administrators and its owner",
    answer: hostRecording,
    respond: async ({ core, caller, params, signal }): Promise<HostRecording> => {
      const host = core.fleet.find(params.host ?? "")
      if (caller.role !== "admin" && caller.user !== host.record.owner) {
        throw new WindfallError("not_allowed", `Cannot record ${host.record.name}: it is not your Mac`, {
          hint: "Its owner or an administrator can",
        })
      }
      const { examination, askedAt } = await askExamination(core, host, "record", signal)
      return recordFiles(examination, new Date(askedAt).toISOString())
    },
  }),
]
