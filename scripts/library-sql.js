// Turns the SQL of a library into the module that the package ships. PostgreSQL itself tells the types.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The libraries with SQL, and the service: their folders, the markers of their schemas, and where their types come from. */
export const LIBRARIES = [
  {
    folder: 'libs/laaffic-outbox',
    schema: 'outbox',
    importTypes: `import type { Exact, FunctionSet, InvalidColumns, Migration, Nothing, RecipientColumns, Statement } from './statement.js';`,
  },
  {
    folder: 'libs/laaffic-verify',
    schema: 'verify',
    importTypes: `import type { Exact, FunctionSet, Migration, Nothing, Statement } from 'nestjs-laaffic-outbox/extension';`,
  },
  {
    // The service itself.
    folder: '.',
    schema: 'service',
    importTypes: `import type { Exact, FunctionSet, Migration, Nothing, Statement } from 'nestjs-laaffic-outbox/extension';`,
  },
];

const NAME = /^-- (name|prepared): (\w+) \((.*)\)$/;

/** The types of PostgreSQL in TypeScript: of a parameter, and of a column. */
const TYPES = {
  bool: ['boolean', 'boolean'],
  int2: ['number', 'number'],
  int4: ['number', 'number'],
  float8: ['number', 'number'],
  // Exact, whatever its size.
  int8: ['Exact', 'string'],
  numeric: ['Exact', 'string'],
  text: ['string', 'string'],
  name: ['string', 'string'],
  uuid: ['string', 'string'],
  json: ['string', 'unknown'],
  timestamptz: ['Date | string', 'Date'],
  bytea: ['Buffer', 'Buffer'],
};

/**
 * Reads the files under a folder.
 * @param schema a marker for the schema in them. The package replaces it with the one that the app configures.
 */
export function readSql(folder, schema) {
  const files = (name) =>
    (existsSync(join(folder, name)) ? readdirSync(join(folder, name)) : [])
      .filter((file) => file.endsWith('.sql'))
      .sort()
      .map((file) => ({ file: basename(file, '.sql'), text: readFileSync(join(folder, name, file), 'utf8') }));
  const functions = files('functions');
  const digest = createHash('sha256')
    .update(functions.map(({ text }) => text).join('\n'))
    .digest('hex')
    .slice(0, 8);
  return {
    schema,
    migrations: migrationsIn(files('migrations')),
    functions: { digest, text: functions.map(({ text }) => withoutComments(text)).join('\n') },
    queries: files('queries').map(({ file, text }) => ({ file, queries: queriesIn(file, text) })),
  };
}

function migrationsIn(files) {
  const ups = files.filter(({ file }) => !file.endsWith('.rollback'));
  return ups.map(({ file, text }, index) => {
    const [, version, name] = /^(\d{3})_(\w+)$/.exec(file) ?? [];
    if (Number(version) !== index + 1) throw new Error(`migrations/${file}.sql: the next version is ${index + 1}`);
    const flags = /^-- (.*)$/m.exec(text)?.[1].split(', ') ?? [];
    const rollback = files.find((other) => other.file === `${file}.rollback`)?.text;
    const isBreaking = flags.includes('breaking');
    if (isBreaking === (rollback !== undefined)) {
      throw new Error(`migrations/${file}.sql: either it is breaking, or it has a rollback`);
    }
    return { version: index + 1, name, isBreaking, isConcurrent: flags.includes('concurrent'), text, rollback };
  });
}

function queriesIn(file, text) {
  const queries = [];
  for (const line of text.split('\n')) {
    const [, kind, name, params] = NAME.exec(line) ?? [];
    if (name !== undefined)
      queries.push({
        name,
        isPrepared: kind === 'prepared',
        params: params.split(', ').filter(Boolean),
        lines: [],
        why: [],
      });
    const query = queries.at(-1);
    if (query === undefined || name !== undefined) continue;
    if (query.lines.length === 0 && line.startsWith('--')) query.why.push(line.slice(3));
    else query.lines.push(line);
  }
  return queries.map(({ name, isPrepared, params, lines, why }) => {
    const sql = lines.join('\n').trim().replace(/;$/, '');
    if (sql.includes(';')) throw new Error(`queries/${file}.sql: ${name} has more than one statement`);
    return { name, isPrepared, params, why: why.join(' '), sql };
  });
}

/** Comments that stand in lines of their own. The files have them; the server need not store them. */
function withoutComments(sql) {
  return sql.replace(/^[ ]*--.*\n/gm, '').replace(/\n{2,}/g, '\n');
}

/** Creates everything in an empty database, in a schema that is called like the marker. */
export async function install(client, { schema, migrations, functions }) {
  await client.query(`create schema ${schema}`);
  for (const { text } of migrations) await client.query(text);
  // They call each other, in any order.
  await client.query(`set check_function_bodies = off; ${functions.text}; set check_function_bodies = on`);
}

/**
 * The text of the generated module. The SQL has to be installed.
 * @param importTypes the statement that imports the types.
 */
export async function generateModule(client, sql, importTypes) {
  const names = await functionNames(client, sql.schema);
  const suffixed = new RegExp(`\\b${sql.schema}\\.(${names.join('|')})(?=\\()`, 'g');
  const shipped = (text) => text.replaceAll(suffixed, `${sql.schema}.$1_${sql.functions.digest}`);
  const types = new Types(client);
  const parts = [];
  for (const { queries } of sql.queries) {
    for (const query of queries) parts.push(await statement(client, types, query, shipped));
  }
  const { digest, text } = sql.functions;
  return [
    '// Generated from the files in sql/ by `npm run sql`. Do not edit.',
    importTypes,
    '',
    ...(await enumerations(client, sql.schema)),
    '',
    '/** In the order of application. */',
    'export const MIGRATIONS: readonly Migration[] = [',
    ...sql.migrations.map(
      ({ version, name, isBreaking, isConcurrent, text: up, rollback }) =>
        `  {\n    version: ${version},\n    name: '${name}',\n    isBreaking: ${isBreaking},\n    isConcurrent: ${isConcurrent},\n` +
        `    up: ${literal(withoutComments(up))},\n    rollback: ${rollback === undefined ? 'undefined' : literal(rollback)},\n  },`,
    ),
    '];',
    '',
    '/** Each release has its own functions, so releases with different ones work side by side. */',
    `export const FUNCTIONS: FunctionSet = {\n  digest: '${digest}',\n  text: ${literal(shipped(text))},\n};`,
    '',
    ...parts,
    '',
  ].join('\n');
}

async function functionNames(client, schema) {
  const { rows } = await client.query(
    `select distinct proname as name from pg_proc where pronamespace = $1::regnamespace order by 1`,
    [schema],
  );
  return rows.map(({ name }) => name);
}

async function statement(client, types, { name, isPrepared, params, why, sql }, shipped) {
  try {
    const described = await describe(client, sql.replaceAll(/as "(\w+)[^"]*"/g, 'as "$1"'));
    const given = [...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number));
    if (Math.max(0, ...given) !== params.length) throw new Error(`it has ${Math.max(0, ...given)} parameters`);
    const fields = [];
    for (const [index, param] of params.entries()) {
      const [type] = await types.of(described.params[index]);
      const isNullable = param.endsWith('?');
      fields.push(`${param.replace('?', '')}: ${isNullable ? `${type} | null` : type}`);
    }
    const columns = [];
    for (const column of described.columns) columns.push(await columnType(types, column, sql));
    const text = shipped(sql).replaceAll(/as "(\w+)[^"]*"/g, 'as $1');
    const object = (list) => (list.length === 0 ? 'Nothing' : `{ ${list.join('; ')} }`);
    return [
      ...(why === '' ? [] : [`/** ${why} */`]),
      `export const ${name}: Statement<${object(fields)}, ${object(columns)}> = {`,
      ...(isPrepared ? [`  name: '${name}',`] : []),
      `  params: [${params.map((param) => `'${param.replace('?', '')}'`).join(', ')}],`,
      `  text: ${literal(text)},`,
      '};',
    ].join('\n');
  } catch (error) {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
}

/**
 * As in other tools of this kind, a column may be null unless its table or `as "name!"` says otherwise; `as "name?"`
 * says that it may be. `as "name: Type"` names the type of JSON.
 */
async function columnType(types, { name, type, tableId, columnId }, sql) {
  const [, mark = '', own] = new RegExp(`as "${name}([!?]?)(?:: (\\w+))?"`).exec(sql) ?? [];
  const [, column] = await types.of(type);
  const isNullable = mark === '?' || (mark === '' && !(await types.isRequired(tableId, columnId)));
  return `${name}: ${own ?? column}${isNullable ? ' | null' : ''}`;
}

/** Asks the server for the types of a statement, without running it. */
function describe(client, sql) {
  return new Promise((resolve, reject) => {
    const described = { params: [], columns: [] };
    const onParams = ({ dataTypeIDs }) => (described.params = dataTypeIDs);
    client.connection.on('parameterDescription', onParams);
    client.query({
      submit(connection) {
        connection.parse({ text: sql, name: '', types: [] });
        connection.describe({ type: 'S', name: '' });
        connection.sync();
      },
      handleRowDescription({ fields }) {
        described.columns = fields.map(({ name, dataTypeID, tableID, columnID }) => ({
          ...{ name, type: dataTypeID, tableId: tableID, columnId: columnID },
        }));
      },
      // After an error, the driver does not tell when the server is ready.
      handleError(error) {
        client.connection.off('parameterDescription', onParams);
        reject(error);
      },
      handleReadyForQuery() {
        client.connection.off('parameterDescription', onParams);
        resolve(described);
      },
    });
  });
}

class Types {
  #names = new Map();

  constructor(client) {
    this.client = client;
  }

  /** @returns the types of a parameter and of a column. */
  async of(id) {
    if (!this.#names.has(id)) {
      const { rows } = await this.client.query(
        `select coalesce(e.typname, t.typname) as name, coalesce(e.typtype, t.typtype) as kind, e.oid is not null as "isArray"
        from pg_type t left join pg_type e on e.oid = t.typelem and t.typcategory = 'A' where t.oid = $1`,
        [id],
      );
      const [{ name, kind, isArray }] = rows;
      const found = kind === 'e' ? [camel(name), camel(name)] : TYPES[name];
      if (found === undefined) throw new Error(`no TypeScript type for ${name}`);
      const list = (type, of) =>
        type.includes(' ') ? `readonly (${type}${of})[]` : `readonly ${of === '' ? type : `(${type}${of})`}[]`;
      this.#names.set(id, isArray ? [list(found[0], ' | null'), list(found[1], '')] : found);
    }
    return this.#names.get(id);
  }

  async isRequired(tableId, columnId) {
    if (!tableId) return false;
    const { rows } = await this.client.query(
      'select attnotnull as is from pg_attribute where attrelid = $1 and attnum = $2',
      [tableId, columnId],
    );
    return rows[0]?.is === true;
  }
}

/** The enumerations of the schema, as types. */
async function enumerations(client, schema) {
  const { rows } = await client.query(
    `select t.typname as name, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
    from pg_type t join pg_enum e on e.enumtypid = t.oid where t.typnamespace = $1::regnamespace group by 1 order by 1`,
    [schema],
  );
  return rows.map(
    ({ name, labels }) => `export type ${camel(name)} = ${labels.map((label) => `'${label}'`).join(' | ')};`,
  );
}

function camel(name) {
  return name.replaceAll(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase());
}

function literal(text) {
  return `\`${text.trim().replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\``;
}

/** The schema that all migrations make together, for people who read a change. */
export async function dumpSchema(client, schema) {
  const lines = async (sql) => (await client.query(sql, [schema])).rows.map(({ line }) => line);
  const types = await lines(
    `select format('type %s: %s', t.typname, coalesce(
        (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
        (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
          from pg_attribute a where a.attrelid = t.typrelid))) as line
      from pg_type t left join pg_class c on c.oid = t.typrelid
      where t.typnamespace = $1::regnamespace and (t.typtype = 'e' or c.relkind = 'c') order by t.typname`,
  );
  const tables = await lines(
    `select c.relname as line from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'v', 'p') order by 1`,
  );
  const described = [];
  for (const table of tables) described.push(await describeTable(client, schema, table));
  const functions = await lines(
    `select format('function %s(%s) returns %s', p.proname, pg_get_function_identity_arguments(p.oid),
        pg_get_function_result(p.oid)) as line
      from pg_proc p where p.pronamespace = $1::regnamespace order by p.proname`,
  );
  return [
    '-- What the migrations and functions make. Generated by `npm run sql`.',
    '',
    ...types,
    '',
    ...described,
    ...functions,
    '',
  ].join('\n');
}

async function describeTable(client, schema, table) {
  const name = `${schema}.${table}`;
  const lines = async (sql) => (await client.query(sql, [name])).rows.map(({ line }) => line);
  const columns = await lines(
    `select format('  %s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        case when a.attnotnull then ' not null' else '' end,
        case when a.attidentity <> '' then ' identity'
          when d.oid is not null then case a.attgenerated when 's' then ' generated ' else ' default ' end || pg_get_expr(d.adbin, d.adrelid)
          else '' end) as line
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
  );
  const constraints = await lines(
    `select '  ' || pg_get_constraintdef(oid) as line from pg_constraint
      where conrelid = $1::regclass and contype <> 'n' order by conname`,
  );
  const indexes = await lines(
    `select pg_get_indexdef(i.indexrelid) as line from pg_index i
      where i.indrelid = $1::regclass and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
      order by i.indexrelid::regclass::text`,
  );
  return [`table ${table}`, ...columns, ...constraints, ...indexes, ''].join('\n');
}
