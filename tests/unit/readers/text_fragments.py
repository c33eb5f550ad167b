"""Fragments of text logs in their real formats, each with the points that must come out of it.

``FRAGMENTS``: case, reader, text, series with their steps and values. ``GENERIC``: the same for logs of no
particular format.
"""

# ruff: noqa: E501 - lines of logs are as long as they are

from __future__ import annotations

import math

NAN, INF = math.nan, math.inf

FRAGMENTS = {
    "megatron": (
        "megatron",
        """\
using world size: 16, data-parallel-size: 2
  eod_mask_loss ................................... False
[before the start of training step] datetime: 2021-06-01 03:12:11
 iteration        1/    1000 | consumed samples:         1024 | elapsed time per iteration (ms): 144915.6 | learning rate: 1.875E-05 | global batch size:  1024 | lm loss: 1.244238E+01 | loss scale: 12.0 | grad norm: 67.593 | number of skipped iterations:   0 | number of nan iterations:   0 |
time (ms) | forward-compute: 28117.27 | backward-compute: 74884.68
 [2024-05-01 12:00:00] iteration        2/    1000 | consumed samples:         2048 | learning rate: 3.750E-05 | lm loss: nan | grad norm: inf | number of nan iterations:   1 |
-----------------------------------------------------------------------------------------------
 validation loss at iteration 2 | lm loss value: 1.141289E+01 | lm loss PPL: 9.057206E+04 |
 validation loss at iteration 2 on test set | lm loss value: 1.151289E+01 | lm loss PPL: 9.957206E+04 |
7:  iteration        3/    1000 | consumed samples:         3072 | lm loss: 4.424266E+01 | grad norm: 77.479 |
""",
        {
            "lm loss": ([1, 2, 3], [12.44238, NAN, 44.24266]),
            "grad norm": ([1, 2, 3], [67.593, INF, 77.479]),
            "learning rate": ([1, 2], [1.875e-5, 3.75e-5]),
            "validation lm loss": ([2], [11.41289]),
            "validation lm loss PPL": ([2], [90572.06]),
            "test lm loss": ([2], [11.51289]),
        },
    ),
    "nanogpt": (
        "nanogpt",
        """\
tokens per iteration will be: 491,520
step 0: train loss 10.9873, val loss 10.9897
iter 0: loss 10.9886, time 38218.63ms, mfu -100.00%
iter 10: loss 9.5000, time 135.25ms, mfu 31.20%
iter 20: loss nan, time 135.25ms, mfu 31.20%
step 20: train loss 9.2500, val loss 9.3125
""",
        {
            "loss": ([0, 10, 20], [10.9886, 9.5, NAN]),
            "train loss": ([0, 20], [10.9873, 9.25]),
            "val loss": ([0, 20], [10.9897, 9.3125]),
        },
    ),
    "nanogpt with prefixes": (
        "nanogpt",
        """\
[train] tokens/iter = 393,216 | train tokens = 239,182,819 | vocab = 16384
[eval] iter 0: train 9.8523 val 9.8482 lr 7.50e-07
[train] iter 10: loss 8.8782 9905 ms/iter
[train] iter 20: loss 8.2198 2895 ms/iter
[train] done. best_val=2.2759  ckpt=checkpoints/ckpt.pt
""",
        {
            "loss": ([10, 20], [8.8782, 8.2198]),
            "train loss": ([0], [9.8523]),
            "val loss": ([0], [9.8482]),
            "lr": ([0], [7.5e-7]),
        },
    ),
    "llm.c log file": (
        "llmc",
        """\
s:0 tel:11.0092
s:0 trl:11.0091 lr:0.000001 norm:15.37
s:1 trl:10.9598 lr:0.000002 norm:15.24
s:250 eval:0.2463
s:250 trl:-nan lr:0.000300 norm:-nan
""",
        {
            "trl": ([0, 1, 250], [11.0091, 10.9598, NAN]),
            "tel": ([0], [11.0092]),
            "eval": ([250], [0.2463]),
            "norm": ([0, 1, 250], [15.37, 15.24, NAN]),
        },
    ),
    "llm.c printed": (
        "llmc",
        """\
| weight init method    | gpt2:124M                                          |
val loss 11.009200
step    1/19560 | loss 11.009104 (+nanz)| norm 15.3740 (+nanz)| lr 8.57e-07 | 3012.44 ms | 49.2% bf16 MFU | 174041 tok/s
step    2/19560 | loss 10.959800 (-1.20z)| norm 15.2400 (+0.02z)| lr 1.71e-06 | 2990.10 ms | 49.6% bf16 MFU | 175341 tok/s
val loss 10.500000
""",
        {
            "loss": ([1, 2], [11.009104, 10.9598]),
            "norm": ([1, 2], [15.374, 15.24]),
            "lr": ([1, 2], [8.57e-7, 1.71e-6]),
            "val loss": ([0, 2], [11.0092, 10.5]),
        },
    ),
    "llm.c on the CPU": (
        "llmc",
        "[GPT-2]\nval loss 5.325\nstep 0: train loss 4.677 (took 1987.5 ms)\nstep 1: train loss 4.5 (took 1969.1 ms)\n",
        {"train loss": ([0, 1], [4.677, 4.5]), "val loss": ([0], [5.325])},
    ),
    "modded-nanogpt": (
        "modded-nanogpt",
        """\
step:0/3040 val_loss:10.82580 train_time:0.021s step_avg:nanms
step:1/3040 train_loss:10.8258 train_time:76.628s step_avg:613.02ms
step:125/3040 val_loss:4.51317 train_time:76.628s step_avg:613.02ms
""",
        {"val_loss": ([0, 125], [10.8258, 4.51317]), "train_loss": ([1], [10.8258])},
    ),
    "parameter golf": (
        "modded-nanogpt",
        """\
warmup_step: 20/20
0/20000 val_loss: 9.0157 val_bpb: 4.1195
1/20000 train_loss: 9.0168 train_time: 0.0m tok/s: 16488651
500/20000 train_loss: 2.5896 train_time: 0.8m tok/s: 8222012
stopping_early: wallclock_cap train_time: 596114ms step: 4866/20000
diagnostic pre-quantization post-ema val_loss:2.34314321 val_bpb:1.07065549 eval_time:10659ms
""",
        {"train_loss": ([1, 500], [9.0168, 2.5896]), "val_loss": ([0], [9.0157]), "val_bpb": ([0], [4.1195])},
    ),
    "caffe": (
        "caffe",
        """\
I0523 12:30:00.000000  1234 solver.cpp:330] Iteration 0, Testing net (#0)
I0523 12:30:01.000000  1234 solver.cpp:397]     Test net output #0: accuracy = 0.0975
I0523 12:30:01.000000  1234 solver.cpp:397]     Test net output #1: loss = 2.3025 (* 1 = 2.3025 loss)
I0523 12:34:56.789012  1234 solver.cpp:218] Iteration 0 (0 iter/s, 0.83s/100 iters), loss = 2.3125
I0523 12:34:56.789012  1234 solver.cpp:237]     Train net output #0: loss = 2.3125 (* 1 = 2.3125 loss)
I0523 12:34:56.789012  1234 sgd_solver.cpp:105] Iteration 0, lr = 0.01
I0523 12:34:57.789012  1234 solver.cpp:218] Iteration 100 (120.4 iter/s, 0.83s/100 iters), loss = -nan
I0523 12:34:57.789012  1234 solver.cpp:237]     Train net output #0: loss = -nan (* 1 = -nan loss)
""",
        {
            "loss": ([0, 100], [2.3125, NAN]),
            "Train loss": ([0, 100], [2.3125, NAN]),
            "Test accuracy": ([0], [0.0975]),
            "Test loss": ([0], [2.3025]),
            "lr": ([0], [0.01]),
        },
    ),
    "caffe with two test nets": (
        "caffe",
        """\
I0523 12:30:00.000000  1234 solver.cpp:330] Iteration 100, Testing net (#0)
I0523 12:30:01.000000  1234 solver.cpp:397]     Test net output #0: accuracy = 0.25
I0523 12:30:01.000000  1234 solver.cpp:397]     Test net output #1: class = 0.5
I0523 12:30:01.000000  1234 solver.cpp:397]     Test net output #2: class = 0.75
I0523 12:30:02.000000  1234 solver.cpp:330] Iteration 100, Testing net (#1)
I0523 12:30:03.000000  1234 solver.cpp:397]     Test net output #0: accuracy = 0.125
I0523 12:30:04.000000  1234 solver.cpp:218] Iteration 100 (120.4 iter/s, 0.83s/100 iters), loss = 2.5
""",
        {
            "loss": ([100], [2.5]),
            "Test accuracy": ([100], [0.25]),
            "Test 1 accuracy": ([100], [0.125]),
            "Test class": ([100], [0.5]),
            "Test class #2": ([100], [0.75]),
        },
    ),
    "old caffe on windows": (
        "caffe",
        "I0523 12:34:56.789012  1234 solver.cpp:189] Iteration 0, loss = 2.3125\r\n"
        "I0523 12:34:57.789012  1234 solver.cpp:189] Iteration 100, loss = 1.#QNAN\r\n"
        "I0523 12:34:58.789012  1234 solver.cpp:189] Iteration 200, loss = -1.#INF\r\n",
        {"loss": ([0, 100, 200], [2.3125, NAN, -INF])},
    ),
    "scikit-learn": (
        "caffe",
        "Iteration 1, loss = 0.69314718\nValidation score: 0.512500\nIteration 2, loss = 0.65625000\nValidation score: 0.600000\n",
        {"loss": ([1, 2], [0.69314718, 0.65625]), "Validation score": ([1, 2], [0.5125, 0.6])},
    ),
    "mxnet": (
        "mxnet",
        """\
INFO:root:Start training with [gpu(2), gpu(3)]
INFO:root:Epoch[0] Batch [50]\tSpeed: 707.55 samples/sec\tTrain-accuracy=0.198750
INFO:root:Epoch[0] Batch [50]\tSpeed: 707.55 samples/sec\tTrain-top_k_accuracy_5=0.398750
INFO:root:Epoch[0] Batch [100]\tSpeed: 700.10 samples/sec\tTrain-accuracy=0.250000
INFO:root:Epoch[0] Batch [100]\tSpeed: 700.10 samples/sec\tTrain-top_k_accuracy_5=0.450000
INFO:root:Epoch[0] Resetting Data Iterator
INFO:root:Epoch[0] Time cost=71.631
INFO:root:Epoch[0] Validation-accuracy=0.225000
INFO:root:Epoch[1] Batch [50]\tSpeed: 707.55 samples/sec\tTrain-accuracy=0.300000
""",
        {
            "Train-accuracy": ([0, 1, 2], [0.19875, 0.25, 0.3]),
            "Train-top_k_accuracy_5": ([0, 1], [0.39875, 0.45]),
            "Validation-accuracy": ([1], [0.225]),
        },
    ),
    "newer mxnet": (
        "mxnet",
        """\
INFO:root:Epoch[0] Batch [0-20]\tSpeed: 53914.18 samples/sec\taccuracy=0.104464\tcross-entropy=2.302585
INFO:root:Epoch[0] Batch [20-40]\tSpeed: 48812.00 samples/sec\taccuracy=0.154464\tcross-entropy=2.250000
INFO:root:Epoch[0] Train-accuracy=0.160000
INFO:root:Epoch[0] Time cost=1.217
INFO:root:Epoch[0] Validation-accuracy=0.180000
""",
        {"cross-entropy": ([0, 1], [2.302585, 2.25]), "Train-accuracy": ([2], [0.16]), "Validation-accuracy": ([2], [0.18])},
    ),
    "torch7": (
        "torch7-json",
        """\
{
  batchSize : 128
  learningRate : 0.1
}
==> online epoch # 1 [batchSize = 128]
json_stats: {"optimMethod":"sgd","batchSize":128,"epoch":1,"lr":0.1,"epoch_step":[60,120],"test_acc":54.78,"loss":1.25}\t
json_stats: {"optimMethod":"sgd","batchSize":128,"epoch":2,"lr":0.02,"epoch_step":[60,120],"test_acc":10,"loss":-nan}\t
""",
        {"loss": ([1, 2], [1.25, NAN]), "test_acc": ([1, 2], [54.78, 10]), "lr": ([1, 2], [0.1, 0.02])},
    ),
    "absl": (
        "absl",
        """\
2025-03-07 14:55:23.515917: E external/local_xla/xla/stream_executor/cuda/cuda_fft.cc:477] Unable to register cuFFT factory
I0315 19:17:48.257105 139621211637504 logging_writer.py:48] [0] global_step=0, grad_norm=2.37211, loss=0.770778
I0315 19:17:48.769436 139646048994496 submission.py:265] 0) loss = 0.771, grad_norm = 2.372
I0315 19:20:23.698343 139646048994496 submission_runner.py:469] Time since start: 184.13s, \tStep: 1, \t{'train/loss': 0.7612734271427414}
I0315 19:20:23.707528 139613817501440 logging_writer.py:48] [1] global_step=1, preemption_count=0, train/loss=0.761273, validation/loss=0.762484
I0315 19:20:24.915603 139613825894144 logging_writer.py:48] [1] global_step=1, grad_norm=2.3148, loss=nan
I0315 19:20:24.918839 139646048994496 submission.py:265] 1) loss = nan, grad_norm = 2.315
""",
        {
            "loss": ([0, 1], [0.770778, NAN]),
            "grad_norm": ([0, 1], [2.37211, 2.3148]),
            "train/loss": ([1], [0.761273]),
            "validation/loss": ([1], [0.762484]),
        },
    ),
    "absl without a metric writer": (
        "absl",
        "I0315 19:17:48.769436 1396 submission.py:265] 0) loss = 0.771, grad_norm = 2.372\n"
        "I0315 19:17:49.769436 1396 submission.py:265] 1) loss = 0.769, grad_norm = 2.315\n",
        {"loss": ([0, 1], [0.771, 0.769]), "grad_norm": ([0, 1], [2.372, 2.315])},
    ),
    "detectron2": (
        "detectron2-text",
        """\
\x1b[32m[11/18 14:20:09 detectron2]: \x1b[0mRank of current process: 0. World size: 6
    FOCAL_LOSS_ALPHA: 0.25
\x1b[32m[11/18 14:20:37 d2.utils.events]: \x1b[0m eta: 21:48:59  iter: 19  total_loss: 0.1409  loss_cls: 0.0522  loss_box_reg: 0.06995  time: 0.6964  data_time: 0.3743  lr: 0.01019  max_mem: 11811M
\x1b[32m[11/18 14:20:51 d2.utils.events]: \x1b[0m eta: 21:06:07  iter: 39  total_loss: nan  loss_cls: nan  loss_box_reg: 0.06855  time: 0.6873  data_time: 0.0613  lr: 0.01039  max_mem: 11811M
[11/18 14:59:01 d2.evaluation.testing]: copypaste: Task: bbox
[11/18 14:59:01 d2.evaluation.testing]: copypaste: AP,AP50,AP75
[11/18 14:59:01 d2.evaluation.testing]: copypaste: 19.5844,34.7531,nan
""",
        {
            "total_loss": ([19, 39], [0.1409, NAN]),
            "loss_cls": ([19, 39], [0.0522, NAN]),
            "lr": ([19, 39], [0.01019, 0.01039]),
            "bbox/AP": ([39], [19.5844]),
            "bbox/AP75": ([39], [NAN]),
        },
    ),
    "maskrcnn-benchmark": (
        "detectron2-text",
        "2019-01-01 12:00:00,123 maskrcnn_benchmark.trainer INFO: eta: 1:23:45  iter: 20  loss: 1.2500 (2.3456)  loss_classifier: 0.5 (0.6)  lr: 0.001000  max mem: 3000\n"
        "2019-01-01 12:00:09,123 maskrcnn_benchmark.trainer INFO: eta: 1:23:40  iter: 40  loss: 1.1250 (2.2456)  loss_classifier: 0.4 (0.5)  lr: 0.001000  max mem: 3000\n",
        {"loss": ([20, 40], [1.25, 1.125]), "loss_classifier": ([20, 40], [0.5, 0.4])},
    ),
    "xgboost": (
        "xgboost",
        """\
[0]\ttrain-rmse:0.54213\teval-rmse:0.61042
[1]\ttrain-rmse:0.41977\teval-rmse:nan
[2]\ttrain-rmse:0.40000\teval-rmse:0.70000
Stopping. Best iteration:
[0]\ttrain-rmse:0.54213\teval-rmse:0.61042
""",
        {"train-rmse": ([0, 1, 2], [0.54213, 0.41977, 0.4]), "eval-rmse": ([0, 1, 2], [0.61042, NAN, 0.7])},
    ),
    "xgboost on sagemaker": (
        "xgboost",
        "[12:34:56] src/tree/updater_prune.cc:74: tree pruning end\n"
        "[0]#011train-merror:0.17074#011validation-merror:0.1664\n[1]#011train-merror:0.15074#011validation-merror:0.1564\n",
        {"train-merror": ([0, 1], [0.17074, 0.15074]), "validation-merror": ([0, 1], [0.1664, 0.1564])},
    ),
    "xgboost cross-validation": (
        "xgboost",
        "[0]\ttrain-rmse:0.54213+0.01200\ttest-rmse:0.61042+0.02100\n[1]\ttrain-rmse:0.41977+0.01100\ttest-rmse:0.50318+0.02000\n",
        {"train-rmse": ([0, 1], [0.54213, 0.41977]), "test-rmse": ([0, 1], [0.61042, 0.50318])},
    ),
    "lightgbm": (
        "lightgbm",
        """\
[LightGBM] [Info] Total Bins 6132
Training until validation scores don't improve for 2 rounds
[1]\ttraining's l2: 0.542132\tvalid_1's l2: 0.610427\tvalid_1's l1: 0.7
[2]\ttraining's l2: 0.419773\tvalid_1's l2: inf\tvalid_1's l1: 0.6
Early stopping, best iteration is:
[1]\ttraining's l2: 0.542132\tvalid_1's l2: 0.610427\tvalid_1's l1: 0.7
""",
        {"training's l2": ([1, 2], [0.542132, 0.419773]), "valid_1's l2": ([1, 2], [0.610427, INF]), "valid_1's l1": ([1, 2], [0.7, 0.6])},
    ),
    "lightgbm command line": (
        "lightgbm",
        "[LightGBM] [Info] Iteration:1, training l2 : 0.542132\n[LightGBM] [Info] Iteration:1, valid_1 l2 : 0.610427\n"
        "[LightGBM] [Info] 0.001234 seconds elapsed, finished iteration 1\n[LightGBM] [Info] Iteration:2, training l2 : 0.5\n",
        {"training l2": ([1, 2], [0.542132, 0.5]), "valid_1 l2": ([1], [0.610427])},
    ),
    "lightgbm cross-validation": (
        "lightgbm",
        "[1]\tcv_agg's l2: 0.542132 + 0.0121\n[2]\tcv_agg's l2: 0.5 + 0.0111\n",
        {"cv_agg's l2": ([1, 2], [0.542132, 0.5])},
    ),
    "catboost": (
        "catboost",
        """\
Learning rate set to 0.029999
0:\tlearn: 0.6859000\ttest: 0.6862000\tbest: 0.6862000 (0)\ttotal: 56.1ms\tremaining: 56s
1:\tlearn: 0.6791000\ttest: 0.6795000\tbest: 0.6795000 (1)\ttotal: 61.7ms\tremaining: 30.8s
100:\tlearn: nan\ttest: 0.7\tbest: 0.6795000 (1)\ttotal: 1m 1s\tremaining: 0us

bestTest = 0.6795
""",
        {"learn": ([0, 1, 100], [0.6859, 0.6791, NAN]), "test": ([0, 1, 100], [0.6862, 0.6795, 0.7])},
    ),
    "keras": (
        "keras-text",
        "Epoch 1/3\n"
        "\r  1/100 [..............................] - ETA: 12s - loss: 2.5000 - accuracy: 0.1000"
        "\r 50/100 [==============>...............] - ETA: 0s - loss: 2.2500 - accuracy: 0.2000"
        "\r100/100 [==============================] - 1s 2ms/step - loss: 2.0000 - accuracy: 0.3000 - val_loss: 1.9000 - val_accuracy: 0.3500\n"
        "Epoch 2/3\n"
        "\r 50/100 [==============>...............] - ETA: 0s - loss: 1.7500 - accuracy: 0.2000"
        "\r100/100 [==============================] - 1s 2ms/step - loss: 1.5000 - accuracy: 0.4000 - val_loss: 1.6000 - val_accuracy: 0.4500\n"
        "313/313 [==============================] - 0s 1ms/step - loss: 1.6100 - accuracy: 0.4400\n"
        "Epoch 3/3\n"
        "\r 50/100 [==============>...............] - ETA: 0s - loss: 1.2500 - accuracy: 0.5000\n"
        "Traceback (most recent call last):\n  File \"train.py\", line 12, in <module>\nKeyboardInterrupt\n",
        {"loss": ([1, 2], [2, 1.5]), "accuracy": ([1, 2], [0.3, 0.4]), "val_loss": ([1, 2], [1.9, 1.6])},
    ),
    "keras that was terminated on NaN": (
        "keras-text",
        "Epoch 1/3\n100/100 [====] - 1s - loss: 2.0000\nEpoch 2/3\n\r  3/100 [>...] - ETA: 1s - loss: nan"
        "Batch 3: Invalid loss, terminating training\n\r  4/100 [>...] - ETA: 1s - loss: nan\n",
        {"loss": ([1, 2], [2, NAN])},
    ),
    "keras 3": (
        "keras-text",
        "Epoch 1/2\n"
        "\x1b[1m100/100\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m1s\x1b[0m 2ms/step - accuracy: 0.3000 - loss: 2.0000 - val_loss: 1.9000\n"
        "Epoch 2/2\n"
        "\x1b[1m100/100\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m1s\x1b[0m 2ms/step - accuracy: 0.4000 - loss: 1.5000 - val_loss: 1.6000\n",
        {"loss": ([1, 2], [2, 1.5]), "val_loss": ([1, 2], [1.9, 1.6])},
    ),
    "keras, one line an epoch": (
        "keras-text",
        "Epoch 1/2\n100/100 - 1s - loss: 2.0000 - val_loss: 1.9000 - 1s/epoch - 12ms/step\n"
        "Epoch 2/2\n100/100 - 1s - loss: 1.5000 - val_loss: 1.6000 - 1s/epoch - 12ms/step\n",
        {"loss": ([1, 2], [2, 1.5]), "val_loss": ([1, 2], [1.9, 1.6])},
    ),
    "hugging face": (
        "huggingface-text",
        """\
Some weights of BertForSequenceClassification were not initialized from the model checkpoint
  0%|          | 0/1500 [00:00<?, ?it/s]\r  7%|7         | 100/1500 [00:10<02:20,  9.97it/s]
{'loss': 0.6931, 'grad_norm': 1.25, 'learning_rate': 4.5e-05, 'epoch': 0.1}
{'loss': nan, 'grad_norm': tensor(inf, device='cuda:0'), 'learning_rate': 4e-05, 'epoch': 0.2}
{'eval_loss': 0.5012, 'eval_accuracy': np.float64(0.75), 'eval_runtime': 12.5, 'epoch': 0.2}
{'loss': '0.5', 'grad_norm': '1.1', 'learning_rate': '3.5e-05', 'epoch': '0.3'}
{'train_runtime': 310.2, 'train_samples_per_second': 38.6, 'train_loss': 0.4417, 'epoch': 0.3}
""",
        {
            "loss": ([0, 1, 3], [0.6931, NAN, 0.5]),
            "grad_norm": ([0, 1, 3], [1.25, INF, 1.1]),
            "learning_rate": ([0, 1, 3], [4.5e-5, 4e-5, 3.5e-5]),
            "eval_loss": ([2], [0.5012]),
            "eval_accuracy": ([2], [0.75]),
            "train_loss": ([4], [0.4417]),
        },
    ),
    "hugging face, once an epoch": (
        "huggingface-text",
        "{'loss': 0.6, 'learning_rate': 4e-05, 'epoch': 1.0}\n{'eval_loss': 0.5, 'epoch': 1.0}\n"
        "{'loss': 0.4, 'learning_rate': 3e-05, 'epoch': 2.0}\n{'eval_loss': 0.45, 'epoch': 2.0}\n",
        {"loss": ([1, 2], [0.6, 0.4]), "eval_loss": ([1, 2], [0.5, 0.45])},
    ),
    "columns": (
        "text-columns",
        "% written by fit.py\n1 0.0118 0.0090\n2 0.0128 nan\n\n3 0.0108 -inf\n",
        {"column 2": ([1, 2, 3], [0.0118, 0.0128, 0.0108]), "column 3": ([1, 2, 3], [0.009, NAN, -INF])},
    ),
    "columns of a CSV": (
        "text-columns",
        "0, 2.5, 0.1\n10, 2.25, 0.2\n20, 2.0, 0.3\nsee the notes\n30, 1.75, 0.4\n40, 1.5\n"
        + "".join(f"{step}, 1.25, 0.5\n" for step in range(50, 250, 10)),
        {"column 2": ([0, 10, 20, 30, *range(50, 250, 10)], [2.5, 2.25, 2, 1.75, *[1.25] * 20])},
    ),
    "columns of savetxt": (
        "text-columns",
        "0.000000000000000000e+00 2.500000000000000000e+00\n1.000000000000000000e+02 2.250000000000000000e+00\n"
        "2.000000000000000000e+02 2.000000000000000000e+00\n",
        {"column 2": ([0, 100, 200], [2.5, 2.25, 2])},
    ),
    "one column": ("text-columns", "2.5\n2.25\n2.0\n", {"column 1": ([0, 1, 2], [2.5, 2.25, 2])}),
    "columns without steps": (
        "text-columns",
        "0.5\t0.25\n0.25\t0.125\n0.125\t0.0625\n",
        {"column 1": ([0, 1, 2], [0.5, 0.25, 0.125]), "column 2": ([0, 1, 2], [0.25, 0.125, 0.0625])},
    ),
}  # fmt: skip

GENERIC = {
    "the pytorch example": (
        "Train Epoch: 1 [0/60000 (0%)]\tLoss: 2.300000\nTrain Epoch: 1 [640/60000 (1%)]\tLoss: 1.500000\n"
        "\nTest set: Average loss: 0.0524, Accuracy: 9832/10000 (98%)\n\n"
        "Train Epoch: 2 [0/60000 (0%)]\tLoss: 0.250000\nTrain Epoch: 2 [640/60000 (1%)]\tLoss: nan\n",
        {
            "Loss": ([0, 640, 60000, 60640], [2.3, 1.5, 0.25, NAN]),
            "Test Average loss": ([640], [0.0524]),
            "Test Accuracy": ([640], [0.9832]),
        },
    ),
    "epoch and step with lengths": (
        "Epoch [1/5], Step [300/600], Loss: 0.3500\nEpoch [1/5], Step [600/600], Loss: 0.2500\nEpoch [2/5], Step [300/600], Loss: 0.1250\n",
        {"Loss": ([300, 600, 900], [0.35, 0.25, 0.125])},
    ),
    "logging with time stamps": (
        "2024-05-01 12:00:00,123 - INFO - __main__ - step 100 train loss: 2.5 lr: 1.0e-03 time: 0.123s\n"
        "2024-05-01 12:00:09,123 - INFO - __main__ - step 200 train loss: 2.25 lr: 5.0e-04 time: 0.123s\n"
        "2024-05-01 12:00:10,001 - WARNING - __main__ - saved checkpoint-200.pt in 3.5s\n",
        {"train loss": ([100, 200], [2.5, 2.25]), "lr": ([100, 200], [1e-3, 5e-4])},
    ),
    "a batch counter that starts over": (
        "epoch 0 batch 0 loss=2.5\nepoch 0 batch 50 loss=2.25\nepoch 1 batch 0 loss=2.0\nepoch 1 batch 50 loss=1.75\n",
        {"loss": ([0, 1, 2, 3], [2.5, 2.25, 2, 1.75])},
    ),
    "progress bars": (
        "\rEpoch 0:  33%|███       | 10/30 [00:01<00:02, 33.3it/s, loss=2.5, v_num=0]"
        "\rEpoch 0: 100%|██████████| 30/30 [00:01<00:00, 33.3it/s, loss=2.25, v_num=0]"
        "\rEpoch 1:  33%|###3      | 10/30 [00:01<00:02, 33.3it/s, loss=2, v_num=0]\n",
        {"loss": ([10, 30, 40], [2.5, 2.25, 2])},
    ),
    "progress bars without an epoch": (
        " 50%|█████     | 15/30 [00:01<00:01, loss=2.5]\r100%|██████████| 30/30 [00:02<00:00, loss=2.25]\n"
        " 50%|█████     | 15/30 [00:01<00:01, loss=2]\r100%|██████████| 30/30 [00:02<00:00, loss=1.75]\n",
        {"loss": ([15, 30, 45, 60], [2.5, 2.25, 2, 1.75])},
    ),
    "the imagenet example": (
        "Epoch: [0][   0/5005]\tTime  5.3 ( 5.3)\tLoss 6.9e+00 (6.9e+00)\tAcc@1   0.00 (  0.28)\tAcc@5   0.39 (  1.15)\n"
        "Epoch: [0][  10/5005]\tTime  0.3 ( 0.8)\tLoss 6.8e+00 (6.85e+00)\tAcc@1   0.50 (  0.28)\tAcc@5   0.59 (  1.15)\n"
        "Test: [  0/196]\tTime  5.3 ( 5.3)\tLoss 6.4e+00 (6.4e+00)\tAcc@1 3.1 (3.1)\n"
        " *   Acc@1 10.100 Acc@5 22.300\n"
        "Epoch: [1][   0/5005]\tTime  5.3 ( 5.3)\tLoss 5.5e+00 (5.5e+00)\tAcc@1   9.00 (  0.28)\tAcc@5   9.39 (  1.15)\n",
        {
            "Loss": ([0, 10, 5005], [6.9, 6.8, 5.5]),
            "Acc@1": ([0, 10, 5005], [0, 0.5, 9]),
            "Test Loss": ([10], [6.4]),
            "Test Acc@5": ([10], [22.3]),
        },
    ),
    "fairseq": (
        "2020-01-01 12:00:00 | INFO | train_inner | epoch 001:    100 / 1234 loss=9.8, nll_loss=9.6, ppl=900.5, num_updates=100, lr=1e-05\n"
        "2020-01-01 12:00:10 | INFO | train_inner | epoch 001:    200 / 1234 loss=8.8, nll_loss=8.6, ppl=800.5, num_updates=200, lr=2e-05\n"
        "2020-01-01 12:01:00 | INFO | valid | epoch 001 | valid on 'valid' subset | loss 7.5 | ppl 130.2 | num_updates 1234\n"
        "2020-01-01 12:02:00 | INFO | train_inner | epoch 002:     66 / 1234 loss=7.8, nll_loss=7.6, ppl=700.5, num_updates=1300, lr=2e-05\n",
        {"loss": ([100, 200, 1300], [9.8, 8.8, 7.8]), "valid loss": ([1234], [7.5])},
    ),
    "opennmt": (
        "[2021-05-05 12:00:00,123 INFO] Step 50/100000; acc:   3.54; ppl: 9999.67; xent: 9.42; lr: 0.00001; 1234/5678 tok/s;     12 sec\n"
        "[2021-05-05 12:00:12,123 INFO] Step 100/100000; acc:   4.54; ppl: 8999.67; xent: 9.12; lr: 0.00002; 1234/5678 tok/s;     24 sec\n"
        "[2021-05-05 12:01:12,123 INFO] Validation perplexity: 500.1\n",
        {"xent": ([50, 100], [9.42, 9.12]), "Validation perplexity": ([100], [500.1])},
    ),
    "mmdetection": (
        "2021-05-05 12:00:00,123 - mmdet - INFO - Epoch [1][50/100]\tlr: 1.978e-03, eta: 1 day, 3:04:05, memory: 3000, loss_cls: 0.6, loss: 1.25\n"
        "2021-05-05 12:00:09,123 - mmdet - INFO - Epoch [2][50/100]\tlr: 2.978e-03, eta: 1 day, 3:04:05, memory: 3000, loss_cls: 0.5, loss: 1.0\n",
        {"loss": ([50, 150], [1.25, 1.0]), "lr": ([50, 150], [1.978e-3, 2.978e-3])},
    ),
    "mmengine": (
        "05/05 12:00:00 - mmengine - INFO - Epoch(train) [1][ 50/100]  lr: 1.978e-03  eta: 3:04:05  time: 0.551  loss: 1.25\n"
        "05/05 12:00:09 - mmengine - INFO - Epoch(train) [2][ 50/100]  lr: 1.978e-03  eta: 3:04:05  time: 0.551  loss: 1.0\n",
        {"loss": ([50, 150], [1.25, 1.0])},
    ),
    "swin": (
        "[2021-05-05 12:00:00 swin_tiny] (main.py 206): INFO Train: [0/300][0/1251]\teta 5:32:11 lr 0.000001\ttime 0.79 (1.58)\tloss 6.9500 (6.9497)\n"
        "[2021-05-05 12:00:09 swin_tiny] (main.py 206): INFO Train: [1/300][10/1251]\teta 5:32:11 lr 0.000002\ttime 0.79 (1.58)\tloss 6.5000 (6.9497)\n",
        {"loss": ([0, 1261], [6.95, 6.5]), "lr": ([0, 1261], [1e-6, 2e-6])},
    ),
    "an epoch heading": (
        "Epochs: 3\nEpoch 1/3\nTrain loss: 0.5  Val loss: 0.75\nEpoch 2/3\nTrain loss: 0.25  Val loss: 0.5\n",
        {"Train loss": ([1, 2], [0.5, 0.25]), "Val loss": ([1, 2], [0.75, 0.5])},
    ),
    "several points in an epoch": (
        "".join(f"Epoch {epoch} loss {value}\n" for epoch, value in [(1, 3.0), (1, 2.5), (1, 2.0), (2, 1.5), (2, 1.0)]),
        {"loss": ([0, 1, 2, 3, 4], [3, 2.5, 2, 1.5, 1])},
    ),
    "thousands with commas": (
        "Step: 1,000 loss: 0.5 tok/sec: 12,345\nStep: 2,000 loss: 0.25 tok/sec: 12,345\n",
        {"loss": ([1000, 2000], [0.5, 0.25])},
    ),
    "tensors and objects": (
        'step 1 {"train/loss": tensor(0.5, grad_fn=<NllLossBackward>), "acc": 0.25}\nstep 2 {"train/loss": tensor(inf), "acc": 0.5}\n',
        {"train/loss": ([1, 2], [0.5, INF]), "acc": ([1, 2], [0.25, 0.5])},
    ),
    "numbers within words": (
        "2024-05-01 step 1: top-1 acc: 0.25, Acc@5 0.5, conv2 loss: 3\n2024-05-02 step 2: top-1 acc: 0.5, Acc@5 0.75, conv2 loss: 2\n",
        {"top-1 acc": ([1, 2], [0.25, 0.5]), "Acc@5": ([1, 2], [0.5, 0.75]), "conv2 loss": ([1, 2], [3, 2])},
    ),
    "nan as a word": (
        "step 1 loss 0.5 number of nan iterations: 0\nstep 2 loss nan number of nan iterations: 1\nstep 3 loss: -inf\n",
        {"loss": ([1, 2, 3], [0.5, NAN, -INF]), "number of nan iterations": ([1, 2], [0, 1])},
    ),
    "tensorflow": (
        "INFO:tensorflow:loss = 2.5, step = 1\nINFO:tensorflow:global_step/sec: 10.1\nINFO:tensorflow:loss = 2.25, step = 101 (9.901 sec)\n",
        {"loss": ([1, 101], [2.5, 2.25])},
    ),
    "no counter at all": ("loss: 0.5\nloss: 0.25\nloss: 0.125\n", {"loss": ([0, 1, 2], [0.5, 0.25, 0.125])}),
}  # fmt: skip
