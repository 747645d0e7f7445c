/** Networks that an administrator trusts for members of hives, by fleet. */
export interface HiveNetTables {
  readonly hive_nets: { readonly fleet: string; readonly nets_json: string }
}
