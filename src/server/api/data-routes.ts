import type { StoredDataView } from "../../protocol/data-api.ts"
import { addPlace, addVersion, checkTree, checkVersion } from "../data/add-data.ts"
import { dataView, mayUse } from "../data/data-view.ts"
import { findData } from "../data/find-data.ts"
import { provePlace } from "../data/prove-place.ts"
import { removeData } from "../data/remove-data.ts"
import { nothing } from "./answers/answer.ts"
import { data as dataAnswer, dataList } from "./answers/data-answers.ts"
import { type Route, route } from "./route.ts"
import { dataPlaceRequest, dataVersionRequest, empty, removeDataQuery } from "./schemas.ts"

export const dataRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/data",
    summary: "Lists the data the caller may use, by name; an administrator's answer has everybody's",
    answer: dataList,
    respond: ({ core, caller }): { data: StoredDataView[] } => ({
      data: core.store.data
        .list()
        .filter((data) => mayUse(caller, data))
        .map((data) => dataView(core, data, caller)),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/data/:name",
    summary: "Shows data: its versions, and where it lies",
    answer: dataAnswer,
    respond: ({ core, caller, params }): StoredDataView =>
      dataView(core, findData(core, caller, params.name ?? "", "show"), caller),
  }),
  route({
    method: "PUT",
    path: "/v1/data/:name/version",
    summary: "Makes a tree that the caller has brought the next version of data of this name",
    answer: dataAnswer,
    body: dataVersionRequest,
    prepare: ({ core, caller, body }) => checkTree(core, caller.user, body.root),
    change: ({ core, caller, params, body }) =>
      dataView(core, addVersion(core, caller, params.name ?? "", body), caller),
  }),
  route({
    method: "POST",
    path: "/v1/data/:name/check",
    summary: "Says whether the caller could add a version under this name, before its files are sent; changes nothing",
    answer: nothing,
    body: empty,
    respond: ({ core, caller, params }) => {
      checkVersion(core, caller, params.name ?? "")
      return {}
    },
  }),
  route({
    method: "PUT",
    path: "/v1/data/:name/place",
    summary: "Says that a host has data of this name itself; proved by a real read there",
    answer: dataAnswer,
    body: dataPlaceRequest,
    respond: async ({ core, caller, params, body, signal }) => {
      const proved = await provePlace(core, caller, params.name ?? "", body, signal)
      return core.ledger.change(() =>
        dataView(core, addPlace(core, caller, params.name ?? "", { ...body, ...proved }), caller),
      )
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/data/:name",
    summary: "Removes data of this name; refused while unfinished jobs need it, unless forced",
    answer: nothing,
    query: removeDataQuery,
    change: ({ core, caller, params, query }) => {
      removeData(core, caller, params.name ?? "", query.force)
      return {}
    },
  }),
]
