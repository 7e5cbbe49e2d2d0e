/** The import rules of docs/architecture.md: services -> pipeline -> schemas -> domain, platform; never sideways, never back. */
export default {
  forbidden: [
    {
      name: "platform-knows-no-sms",
      severity: "error",
      from: { path: "^platform/" },
      to: { path: "^(domain|services|pipeline|schemas|infra|test)/" },
    },
    {
      name: "domain-knows-no-kafka",
      severity: "error",
      from: { path: "^domain/" },
      to: { path: "^(platform|services|pipeline|schemas|infra|test)/|node_modules/kafkajs" },
    },
    {
      name: "schemas-stand-alone",
      severity: "error",
      from: { path: "^schemas/" },
      to: { path: "^(services|pipeline|infra|test)/" },
    },
    {
      name: "pipeline-knows-no-service",
      severity: "error",
      from: { path: "^pipeline/" },
      to: { path: "^(services|infra|test)/" },
    },
    {
      name: "no-service-imports-another",
      severity: "error",
      from: { path: "^services/([^/]+)/" },
      to: { path: "^services/", pathNot: "^services/$1/" },
    },
    {
      name: "acceptance-knows-no-http-and-no-door",
      severity: "error",
      from: { path: "^services/ingest/(acceptance|status)/" },
      to: { path: "^services/ingest/(doors|main)|^platform/http/|^(node:)?https?$|node_modules/(express|undici)/" },
    },
    {
      name: "no-door-imports-another",
      severity: "error",
      from: { path: "^services/ingest/doors/([^/]+)/" },
      to: { path: "^services/ingest/doors/", pathNot: "^services/ingest/doors/$1/" },
    },
    {
      name: "services-do-not-import-infra-or-test",
      severity: "error",
      from: { path: "^services/" },
      to: { path: "^(infra|test)/" },
    },
    {
      name: "kafkajs-only-in-platform-kafka",
      severity: "error",
      from: { pathNot: "^(platform/kafka|test)/|^infra/demo/upstream.ts" },
      to: { path: "node_modules/kafkajs" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: [".ts", ".js", ".json"] },
  },
};
