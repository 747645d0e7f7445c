import { API_VERSION, type DoctorReport, type Health } from "../../protocol/api.ts"
import { examine } from "../doctor.ts"
import { doctorReport, health } from "./answers/server-answers.ts"
import { type Route, route } from "./route.ts"

export const serverRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/health",
    summary: "Says that the server answers, and which one it is",
    answer: health,
    open: true,
    respond: ({ core, api }): Health => ({ server: core.store.server, version: api.version, api: API_VERSION }),
  }),
  route({
    method: "GET",
    path: "/v1/doctor",
    summary: "Looks for what is wrong or could go wrong, and says what to do",
    answer: doctorReport,
    respond: async ({ core, caller }): Promise<DoctorReport> => ({ findings: await examine(core, caller) }),
  }),
]
