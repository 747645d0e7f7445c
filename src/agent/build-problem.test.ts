import assert from "node:assert/strict"
import { test } from "node:test"
import { buildProblemOf } from "./build-problem.ts"

test("buildProblemOf() says what failed and what to type", () => {
  const cases: [string, RegExp][] = [
    ["", /ended by something else/],
    ["lock\nerror: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.", /Type uv lock/],
    ["lock\nerror: Failed to parse `uv.lock`\n  cause: TOML parse error", /uv\.lock cannot be read\. .*type uv lock/],
    ["machine\nx86_64", /for x86_64 and would run under Rosetta/],
    ["setup 3\nmake tools", /the setup line `make tools` ended with 3/],
    [
      "python\nerror: No interpreter found for Python 3.13 in search path",
      /no Python 3\.13: there is none for this host/,
    ],
    [
      "python\nerror: No interpreter found for Python 3.12 in search path\nerror: Failed to install cpython-3.12\n  cause: dns error",
      /no Python 3\.12: the host has none, and none can be downloaded from there/,
    ],
    ["packages\nerror: Failed to build `a==1`\n  cause: x", /the package a==1 does not build/],
    [
      "packages\nerror: Request failed\n  cause: client error (Connect)\n  cause: tcp connect error",
      /cannot be reached/,
    ],
    ["packages\nerror: something new", /Cannot build the environment: something new/],
    ["ended 9\nuv pip", /: uv pip was ended by signal 9.*Send the job again/],
    [
      "packages 1\nerror: Failed to install: `mlx-1-py3-none-any.whl`\n  Caused by: No space left on device (os error 28)",
      /: the disk is full$/,
    ],
    ["start\n/w/environments/x: No space left on device", /No space left on device/],
  ]
  for (const [text, said] of cases) assert.match(buildProblemOf(text), said)
})
