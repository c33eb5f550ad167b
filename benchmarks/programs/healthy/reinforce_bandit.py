# acceptable: healthy
import torch

torch.manual_seed(0)
means = torch.tensor([0.1, 0.5, 0.9, 0.3])
logits = torch.nn.Parameter(torch.zeros(4))
opt = torch.optim.Adam([logits], lr=0.05)
baseline = 0.0
for episode in range(500):
    policy = torch.distributions.Categorical(logits=logits)
    action = policy.sample((16,))
    reward = means[action] + 0.3 * torch.randn(16)
    loss = -(policy.log_prob(action) * (reward - baseline)).mean()
    baseline = 0.9 * baseline + 0.1 * float(reward.mean())
    opt.zero_grad()
    loss.backward()
    opt.step()
