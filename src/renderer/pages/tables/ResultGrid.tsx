/** A table in the layout of its paper: published numbers, ours, verdicts and progress. */
import { Box, Progress, Text } from '@mantine/core';
import { metricText, plural } from '#contract/format';
import type { CellResult, TableState } from '#contract/tableState';
import { bestText, floorText, publishedText, rangeText, thresholdText, unreachedText } from '#contract/tableText';
import { marks, marksOf, shownVerdict, tableGrid } from '#pictures/tableGrid';
import { StateBadge } from '../../components/StateBadge.tsx';
import { isActive } from './requests.ts';
import { VerdictBadge } from './VerdictBadge.tsx';
import { activityOf, shareOf } from './words.ts';

interface ResultGridProps {
  state: TableState;
  onOpen(cell: string): void;
}

export function ResultGrid({ state, onOpen }: ResultGridProps) {
  const { columns, rows } = tableGrid(state);
  return (
    <div className="paper-grid" data-wide={columns.length > 5 || undefined}>
      <table aria-label={state.table.title}>
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ row, results, hasPaper }) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {results.map((result, i) =>
                result ? (
                  <td key={columns[i]}>
                    <CellView result={result} hasPaper={hasPaper} onOpen={() => onOpen(result.cell.id)} />
                  </td>
                ) : (
                  <td key={columns[i]} />
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellViewProps {
  result: CellResult;
  /** Whether a cell of its row has a published number. */
  hasPaper: boolean;
  onOpen(): void;
}

function CellView({ result, hasPaper, onOpen }: CellViewProps) {
  const { cell, metric, judgement, needs, runs } = result;
  const { published } = cell;
  const active = runs.filter(isActive);
  const isJudged = shownVerdict(result) !== 'no published number';
  return (
    <button type="button" className="cell-result" onClick={onOpen} title={published?.source}>
      {hasPaper && (
        <span className="cell-result-line">
          <span className="cell-result-label">Paper</span>
          <span className="cell-result-parts">
            {published ? (
              <>
                <span>
                  {publishedText(published)}
                  {marksOf(result).map((name) => (
                    <sup key={name} title={marks[name].means}>
                      {marks[name].sign}
                    </sup>
                  ))}
                  {metric === 'mae' && <span className="dimmed"> error</span>}
                  {published.metric === 'steps' && <span className="dimmed"> steps</span>}
                </span>
                {published.runs !== null && <span className="dimmed">{plural(published.runs, 'run')}</span>}
              </>
            ) : (
              <span className="dimmed">no number</span>
            )}
          </span>
        </span>
      )}
      {judgement.mean !== null && (
        <span className="cell-result-line">
          <span className="cell-result-label">Ours</span>
          <span className="cell-result-parts">
            <b>{metricText(judgement.mean, metric)}</b>
            {result.steps && <span className="dimmed">{thresholdText(result)}</span>}
            {judgement.seeds > 1 && <span className="dimmed">({rangeText(judgement)})</span>}
            <span className="dimmed">{plural(judgement.seeds, 'seed')}</span>
          </span>
        </span>
      )}
      {!hasPaper && floorText(result) && (
        <span className="cell-result-line">
          <span className="cell-result-label">Floor</span>
          <span>{floorText(result)}</span>
        </span>
      )}
      {[unreachedText(result), bestText(result)].filter(Boolean).map((text) => (
        <span key={text} className="cell-result-line dimmed">
          {text}
        </span>
      ))}
      {isJudged && <VerdictBadge result={result} />}
      {!isJudged && runs.length === 0 && <span className="dimmed">not trained yet</span>}
      {needs !== null && (
        <Text span className="cell-result-needs" size="xs" c="dimmed" lineClamp={2} title={needs}>
          {needs}
        </Text>
      )}
      {activityOf(runs).map(({ state, text }) => (
        <Box key={state} component="span" fz="xs">
          <StateBadge state={state} text={text} />
        </Box>
      ))}
      {active.length > 0 && (
        <Progress
          component="span"
          display="block"
          size={3}
          w="100%"
          value={100 * shareOf(active)}
          aria-label={`Progress of ${cell.id}`}
        />
      )}
    </button>
  );
}
