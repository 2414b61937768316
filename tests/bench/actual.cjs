// Imports bank rows into Actual, as `node actual.cjs NODE_MODULES ROWS.json DATA_FOLDER ids|plain` and prints JSON.
// Only the calls of importTransactions are timed: neither Node's start, nor the budget's making, nor reading the rows.
"use strict";

const fs = require("fs");
const path = require("path");

const [modules, rowsFile, dataDir, mode] = process.argv.slice(2);
const api = require(path.join(modules, "@actual-app", "api"));
const version = JSON.parse(fs.readFileSync(path.join(modules, "@actual-app", "api", "package.json"))).version;

/** A new budget with one account that holds nothing; the budget stays open. */
async function account(name) {
  let made;
  await api.runImport(name, async () => {
    made = await api.createAccount({ name: "Bank" });
  });
  return made;
}

async function bring(into, rows) {
  const given = rows.map(({ id, ...row }) => (mode === "ids" ? { ...row, imported_id: id } : row));
  const started = process.hrtime.bigint();
  const { errors } = await api.importTransactions(into, given);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (errors.length) throw new Error(errors[0].message);
  const kept = await api.getTransactions(into, "2000-01-01", "2100-01-01");
  return { seconds, kept: kept.length };
}

async function main() {
  const { rows, later } = JSON.parse(fs.readFileSync(rowsFile));
  await api.init({ dataDir, verbose: false });
  const first = await account("warm");
  await bring(first, rows.slice(0, 300));
  await bring(first, rows.slice(0, 300));
  const into = await account("measured");
  const once = await bring(into, rows);
  const again = await bring(into, rows);
  const after = await bring(into, later);
  await api.shutdown();
  console.log(`\n${JSON.stringify({ version, node: process.versions.node, once, again, after })}`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
