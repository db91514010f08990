"""The word lists of the challenge words: 256 a language, fixed by number (spec/check, section 6).

Chosen to be short, common, and unlike one another when spoken over a bad telephone. A list is part
of the protocol: a word never moves and is never replaced.
"""

from typing import Final

_ENGLISH: Final = """
acorn acrobat airport almond amber anchor apple apron
arrow artist atlas autumn badge bagel bamboo banjo
barrel basket beacon beetle bell bicycle biscuit blanket
blossom bonfire bottle branch bread bridge bronze brush
bucket butter button cabin cactus camel candle canoe
canvas captain carpet carrot castle cedar cello chalk
cherry chess chimney cinema circus clarinet clock clover
coconut coffee comet compass copper coral cotton cousin
cradle crayon cricket crystal cucumber curtain cushion daisy
dancer desert diamond dinner doctor dolphin domino donkey
dragon drawer drum duck eagle earring easel echo
elbow elephant engine envelope falcon farmer feather fiddle
finger firefly flannel flute forest fountain fox freckle
furnace galaxy garden garlic ginger giraffe glacier glove
goblet gondola granite grape guitar hammer harbour harvest
hazelnut hedgehog helmet heron hockey honey horizon hotel
iceberg igloo index iron island ivory jacket jaguar
jasmine jelly jigsaw jungle kangaroo kennel kettle kitchen
kite kiwi koala ladder lagoon lantern lavender leather
lemon leopard library lighthouse lilac lion lizard lobster
magnet mango maple marble market meadow medal melon
mirror mitten monkey mosaic motor mountain muffin mushroom
napkin necklace needle nickel notebook nutmeg oasis ocean
octopus olive onion orange orchard organ ostrich otter
owl oyster paddle paint palace panda paper parrot
peach pebble pelican pencil pepper piano picnic pillow
pilot pine planet plum pocket pony potato prairie
puddle pumpkin puppet puzzle pyramid quarry quilt rabbit
radio raisin raven ribbon river robin rocket saddle
sailor salmon sandal satin saucer scarf scissors seagull
shadow shepherd silver skater sleigh spoon squirrel statue
sugar sunset teapot thunder tiger tulip turtle umbrella
"""

_CHINESE: Final = """
苹果 香蕉 葡萄 西瓜 草莓 樱桃 桃子 柠檬
橘子 石榴 核桃 花生 白菜 萝卜 南瓜 黄瓜
土豆 番茄 洋葱 大蒜 蘑菇 豆腐 面包 馒头
饺子 米饭 鸡蛋 牛奶 蜂蜜 白糖 酱油 茶叶
咖啡 筷子 勺子 盘子 茶壶 水杯 火锅 冰箱
桌子 椅子 沙发 窗户 门铃 钥匙 灯笼 蜡烛
枕头 被子 毛巾 肥皂 梳子 镜子 剪刀 锤子
梯子 绳子 钉子 水桶 扫帚 雨伞 帽子 围巾
手套 袜子 皮鞋 外套 裤子 裙子 纽扣 项链
戒指 手表 眼镜 书包 铅笔 橡皮 墨水 信封
邮票 报纸 日历 字典 地图 黑板 粉笔 画家
医生 农民 司机 老师 船长 木匠 渔夫 厨师
演员 歌手 祖父 姑姑 邻居 朋友 孩子 国王
老虎 狮子 大象 熊猫 猴子 兔子 狐狸 骆驼
山羊 绵羊 黄牛 骏马 毛驴 松鼠 刺猬 袋鼠
长颈鹿 斑马 犀牛 河马 海豚 鲸鱼 鲨鱼 乌龟
青蛙 螃蟹 龙虾 章鱼 蝴蝶 蜜蜂 蚂蚁 蜻蜓
蜘蛛 蚯蚓 麻雀 燕子 喜鹊 鹦鹉 孔雀 天鹅
企鹅 老鹰 鸽子 公鸡 鸭子 猫头鹰 凤凰 恐龙
森林 草原 沙漠 雪山 瀑布 湖泊 大海 小岛
沙滩 岩石 河流 彩虹 闪电 白云 月亮 太阳
星星 露水 冰雹 台风 春天 秋天 早晨 黄昏
竹子 松树 柳树 枫叶 荷花 梅花 菊花 牡丹
玫瑰 百合 仙人掌 向日葵 小麦 玉米 高粱 棉花
自行车 火车 飞机 轮船 卡车 地铁 帆船 气球
火箭 卫星 机场 码头 车站 桥梁 灯塔 城堡
宝塔 寺庙 学校 医院 银行 邮局 商店 公园
广场 图书馆 电影院 动物园 花园 果园 农场 工厂
钢琴 吉他 小提琴 笛子 二胡 喇叭 鼓手 铃铛
足球 篮球 乒乓 象棋 风筝 积木 拼图 滑梯
黄金 白银 青铜 钢铁 玻璃 丝绸 翡翠 珍珠
大理石 煤炭 瓷器 木头 羊毛 火柴 望远镜 指南针
"""

ENGLISH: Final = tuple(_ENGLISH.split())
CHINESE: Final = tuple(_CHINESE.split())
LISTS: Final = {"en": ENGLISH, "zh-Hans": CHINESE}
