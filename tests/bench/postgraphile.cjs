// PostGraphile 5 over one schema of a database, in one process: node postgraphile.cjs MODULES DATABASE_URL SCHEMA PORT.
"use strict";
const { createServer } = require("node:http");
const { createRequire } = require("node:module");
const [modules, database, schema, port] = process.argv.slice(2);
const from = createRequire(`${modules}/`);
const { postgraphile } = from("postgraphile");
const { PostGraphileAmberPreset } = from("postgraphile/presets/amber");
const { makePgService } = from("postgraphile/adaptors/pg");
const { grafserv } = from("postgraphile/grafserv/node");

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: database, schemas: [schema] })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false, websockets: false },
  grafast: { explain: false },
};
const server = createServer();
server.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
postgraphile(preset)
  .createServ(grafserv)
  .addTo(server)
  .then(() => server.listen(Number(port), "127.0.0.1"))
  .catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
