/** Losses that tasks share. Their gradients are written by hand where that is shorter or numerically more stable. */
import * as tf from '@tensorflow/tfjs-core';

/** Mean cross entropy of logits [m, k] against integer classes [m]. */
export function crossEntropy(logits: tf.Tensor, classes: tf.Tensor): tf.Tensor {
  const k = logits.shape[1]!;
  const op = tf.customGrad((z, save) => {
    const logs = tf.logSoftmax(z as tf.Tensor);
    const hot = tf.oneHot(tf.cast(classes, 'int32'), k, 1, 0, 'float32');
    (save as tf.GradSaveFunc)([logs, hot]);
    const ofClass = tf.where(tf.cast(hot, 'bool'), logs, tf.zerosLike(logs)); // not a product, where 0 · −∞ would be NaN
    const value = tf.neg(tf.mean(tf.sum(ofClass, 1)));
    return {
      value,
      gradFunc: (dy: tf.Tensor, [logs, hot]: tf.Tensor[]) =>
        tf.mul(tf.sub(tf.exp(logs), hot), tf.div(dy, logs.shape[0])),
    };
  });
  return op(logits);
}

/**
 * Mean binary cross entropy of logits against labels in {0, 1} of the same shape: softplus(s) = max(s, 0) + log(1 + e^−|s|) for
 * s = −z if the label is 1 and s = z if it is 0. The usual form max(z, 0) − z·y + log(1 + e^−|z|) rounds to the same numbers, but
 * is NaN for most infinite logits.
 */
export function binaryCrossEntropy(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((z, save) => {
    const logit = z as tf.Tensor;
    const y = tf.cast(labels, 'float32');
    (save as tf.GradSaveFunc)([logit, y]);
    const wrong = tf.mul(logit, tf.sub(1, tf.mul(2, y))); // the logit of the wrong label
    const tail = tf.log(tf.add(tf.exp(tf.neg(tf.abs(wrong))), 1));
    const value = tf.mean(tf.add(tf.relu(wrong), tail));
    return {
      value,
      gradFunc: (dy: tf.Tensor, [z, y]: tf.Tensor[]) => tf.mul(tf.sub(tf.sigmoid(z), y), tf.div(dy, z.size)),
    };
  });
  return op(logits);
}

/**
 * Like torch's BCELoss(sigmoid(z)) in float32: logarithms are clamped at −100, and the gradient is divided by at least 1e-12.
 * A confident wrong bit costs exactly 100 and has no gradient. The committed code of dl-project trains with this loss.
 */
export function saturatingBinaryCrossEntropy(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((z, save) => {
    const p = tf.div(1, tf.add(tf.exp(tf.neg(z as tf.Tensor)), 1)); // rounds after each operation, as torch does: 1 + e^−17 is 1
    const y = tf.cast(labels, 'float32');
    (save as tf.GradSaveFunc)([p, y]);
    const log = (x: tf.Tensor) => tf.maximum(tf.log(x), -100);
    const likelihood = tf.add(tf.mul(y, log(p)), tf.mul(tf.sub(1, y), log(tf.sub(1, p))));
    const gradFunc = (dy: tf.Tensor, [p, y]: tf.Tensor[]) => {
      const slope = tf.mul(p, tf.sub(1, p)); // of the sigmoid
      return tf.mul(tf.mul(tf.div(tf.sub(p, y), tf.maximum(slope, 1e-12)), slope), tf.div(dy, p.size));
    };
    return { value: tf.neg(tf.mean(likelihood)), gradFunc };
  });
  return op(logits);
}

/** Mean squared error; shapes broadcast. */
export const squaredError = (out: tf.Tensor, y: tf.Tensor): tf.Tensor =>
  tf.mean(tf.square(tf.sub(out, tf.cast(y, 'float32'))));
