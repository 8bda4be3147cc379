/** Writes what the chart has of other files: the settings and Kubernetes' schemas in values.schema.json, the table of values in README.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from '../.cache/tools/test/helm/chart.js';
import { generatedFiles } from '../.cache/tools/test/helm/generated.js';

for (const [file, text] of Object.entries(generatedFiles())) writeFileSync(join(CHART, file), text);
