/** Where a server of one's own keeps its data, and how it is started. */
export interface EmbeddedPostgresOptions {
  /**
   * The folder that belongs to the server: its cluster, its password, its log. Relative to the working
   * directory; made if it is not there. Not one that another container or machine writes to as well.
   *
   * @example './.data/postgres'
   */
  readonly dataDir: string;
  /**
   * The database that `url` names; made if it is not there. No `?` and no `#`, which urls cannot
   * name a database with.
   * @default 'laaffic'
   */
  readonly database?: string | undefined;
  /**
   * The most that a start may take, a first one with the making of the cluster included, in milliseconds.
   * @default 30000
   */
  readonly startTimeout?: number | undefined;
  /**
   * Settings of the server as in `postgresql.conf`: `{ max_connections: '200' }`. They count for the
   * process that starts the server; one that finds it running takes it as it is. `port` is a free one
   * where it is not set; address and sockets cannot be set.
   */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}
