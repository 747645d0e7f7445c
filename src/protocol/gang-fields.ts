/** What a sender can say of a job on several hosts; a part of the table in job-fields.ts, which checks its rows. */
export const GANG_FIELDS = {
  nodes: {
    kind: "count",
    placeholder: "N",
    help: "run it on so many hosts at once, all or none: the same command on each, which knows its rank and its peers (default 1)",
    short: "N",
    minimum: 1,
    maximum: 64,
    example: "4",
  },
  "on-member-failure": {
    kind: "text",
    placeholder: "end|continue",
    help: "with --nodes: whether the others end where one's command fails (default end)",
    example: "continue",
  },
  "outputs-from": {
    kind: "text",
    placeholder: "main|all",
    help: "with --nodes: whose files come home, those of rank 0 or of all, each in a folder rank-N (default main)",
    example: "all",
  },
} as const
