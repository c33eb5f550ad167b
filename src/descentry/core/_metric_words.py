"""The words that logs use for their metrics, in the languages that people log in."""

from __future__ import annotations

VALIDATION = {"val", "valid", "validation", "eval", "evaluation", "dev", "tel", "heldout", "holdout"}
TEST = {"test", "testing"}
TRAIN = {"train", "training", "tr", "trl", "fit", "learn"}

LOSS = {
    "loss", "losses", "trl", "tel", "nll", "xent", "crossentropy", "logloss", "mlogloss", "objective",
    "cost", "perplexity", "ppl", "bpb", "bpc", "energy", "elbo", "deviance", "softmaxloss", "ce", "bce",
    "hinge",
    # German, French, Spanish, Portuguese, Italian, Dutch, Polish, Turkish, Russian, Ukrainian
    "verlust", "perte", "coût", "pérdida", "perdida", "perda", "perdita", "verlies", "strata", "kayıp",
    "kayip", "потери", "потеря", "втрати",
}  # fmt: skip
ERROR = {
    "mse", "rmse", "mae", "mape", "rmsle", "error", "err", "merror", "fid", "l1", "l2", "huber", "wer",
    "cer", "kid", "brier", "regret", "quantile", "residual", "crps", "fehler", "erreur", "erro", "errore",
    "ошибка", "помилка",
}  # fmt: skip
RISING = {
    "acc", "accuracy", "reward", "rewards", "return", "returns", "rew", "score", "auc", "auroc", "f1",
    "precision", "recall", "map", "iou", "miou", "dice", "bleu", "rouge", "psnr", "ssim", "r2", "top1",
    "top5", "ndcg", "success", "inception", "ap", "ap50", "likelihood", "correct", "winrate", "em", "prec",
    "fitness", "mrr", "hits", "cider", "meteor", "kappa", "mcc", "pearson", "spearman", "correlation", "elo",
    "sensitivity", "specificity", "jaccard", "genauigkeit", "exactitude", "précision", "exactitud",
    "precisión", "acurácia", "accuratezza", "точность", "точність", "belohnung", "récompense", "recompensa",
    "награда",
}  # fmt: skip
# Numbers that a training log carries beside its metrics; never the curve to explain.
BOOKKEEPING = {
    "lr", "rate", "time", "timestamp", "seconds", "sec", "ms", "eta", "speed", "throughput", "memory",
    "mem", "gpu", "cpu", "epoch", "step", "steps", "iter", "iteration", "itr", "batch", "duration", "norm",
    "grad", "gradnorm", "momentum", "weight", "decay", "scale", "tokens", "samples", "examples", "flops",
    "tflops", "mfu", "size", "count", "num", "dt", "std", "min", "max", "seed", "id", "elapsed", "runtime",
    "beta", "fps", "wall", "stamp", "skipped", "warmup",
}  # fmt: skip
# Scripts that part no words: a name is of a kind when it holds one of these.
HOLDS = {
    "loss": ("损失", "損失", "ロス", "손실"),
    "error": ("误差", "誤差", "错误率", "오차"),
    "rising": ("准确率", "準確率", "正确率", "正解率", "精度", "奖励", "報酬", "정확도", "보상"),
    "train": ("训练", "訓練", "学習", "훈련", "학습"),
    "validation": ("验证", "驗證", "検証", "검증"),
    "test": ("测试", "測試", "テスト", "테스트"),
}
NEGATED = {"neg", "negative", "minus"}
# Losses of one side in a contest, or of a policy whose data change with it.
SIDES = {
    "policy", "actor", "critic", "surrogate", "vf", "qf", "td", "disc", "discriminator", "gan", "adversarial",
}  # fmt: skip
SIDES_OF_LOSSES = {
    "gen", "generator", "d", "g", "value", "q", "q1", "q2", "qf1", "qf2", "pg", "adv", "entropy",
}  # fmt: skip
REWARDS = {"reward", "rewards", "rew", "return", "returns", "eprewmean", "eprew", "belohnung", "récompense"}
PREFERENCES = {"chosen", "rejected", "margin", "margins", "accuracy", "accuracies", "std", "model"}
# Where both signs are in use: what is maximised in papers is often logged with its sign turned.
EITHER_WAY = {"elbo"}
STEP_NAMES = (
    "step", "global_step", "steps", "iter", "iters", "iteration", "iterations", "itr", "it", "num_updates",
    "update", "updates", "timestep", "timesteps", "total_timesteps", "train_step", "batch", "batches",
    "round", "tree", "schritt", "étape", "itération", "paso", "passo", "iteración", "iteração", "iterazione",
    "шаг", "итерация", "крок", "步", "步数", "迭代", "ステップ", "스텝", "episode", "epoch", "epochs",
    "epoche", "époque", "época", "epoca", "эпоха", "епоха", "轮", "轮次", "エポック", "에포크", "index",
    "idx",
)  # fmt: skip
